import { describe, expect, test } from 'vitest';
import { spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { openPrograms, refuse } from '../support/programs.ts';
import { spawnHere, type Spawn } from '../support/run.ts';
import { takeState } from './trace.ts';

// A program in front of the real one, which refuses at one step.
const faults = [
  [
    'nftables',
    'nft cannot start',
    { nft: refuse('-i', 'Operation not permitted (you must be root)') },
    'LHF_ERR_RULES',
    'Operation not permitted',
  ],
  [
    'nftables',
    'nft refuses the rules',
    { nft: 'if [ "$1" = -i ]; then exec sed -u "s/flags owner/flags stranger/" | "$REAL" "$@"; fi; exec "$REAL" "$@"' },
    'LHF_ERR_RULES',
    'stranger',
  ],
  [
    'nftables',
    'nft dies between doing and saying',
    // The first line is what it starts with.
    { nft: 'if [ "$1" = -i ]; then head -n 2 | "$REAL" "$@"; exit; fi; exec "$REAL" "$@"' },
    'LHF_ERR_RULES',
    'ended',
  ],
  [
    'iptables',
    'iptables-restore refuses',
    { 'iptables-restore': 'echo "iptables-restore: line 1 failed" >&2; exit 1' },
    'LHF_ERR_RULES',
    'line 1 failed',
  ],
  [
    'iptables',
    'iptables-restore does one table of two',
    {
      'iptables-restore':
        'while IFS= read -r line; do case $line in *"-j DNAT"*) echo "nat refused" >&2; exit 1 ;; esac; printf "%s\\n" "$line"; done | "$REAL" "$@"',
    },
    'LHF_ERR_RULES',
    'nat refused',
  ],
  ['nftables', 'route_localnet may not be written', {}, 'LHF_ERR_RULES', 'EROFS'],
  ['iptables', 'route_localnet may not be written', {}, 'LHF_ERR_RULES', 'EROFS'],
] as const;

// Nothing else tells root that it may not write there.
const withoutSysctl: Spawn = (argv, options) =>
  spawnHere(
    [
      'unshare',
      '--mount',
      'sh',
      '-c',
      'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"',
      'sh',
      ...argv,
    ],
    options,
  );

describe('a set-up that fails at a step of the kernel leaves nothing and says why, in one coded error', () => {
  test.each(faults)('%s: %s', async (strategy, _what, programs, code, words) => {
    await using system = await openPrograms(programs);
    const before = await takeState();
    const spawn = Object.keys(programs).length === 0 ? withoutSysctl : system.spawn;
    await using script = spawnScript({ source: attempt(strategy), spawn });
    const said = JSON.parse(await script.waitForLine(/^\{/)) as { code: string; message: string; evidence: string };
    expect(said).toMatchObject({ code });
    expect(`${said.message} ${said.evidence}`).toContain(words);
    // While the process lives: nothing may wait for its end.
    expect(renderDifference(before, await takeState())).toBe('');
  });
});

const attempt = (strategy: string): string => `
import { openLocalhostForward, isLocalhostForwardError } from 'localhost-forward';
const error = await openLocalhostForward(8088, { strategy: '${strategy}', privilege: 'root', verify: false }).catch((thrown) => thrown);
console.log(JSON.stringify({ code: isLocalhostForwardError(error) ? error.code : String(error), message: error.message, evidence: String(error.stderr) + String(error.cause) }));
setInterval(() => undefined, 60_000);
`;
