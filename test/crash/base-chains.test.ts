import { describe, expect, test } from 'vitest';
import { spawnScript } from '../support/children.ts';
import { requirePlace } from '../support/place.ts';
import { openPrograms } from '../support/programs.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { execHere, outputOf } from '../support/run.ts';
import { openingScript, takeState } from './trace.ts';

// A base chain that iptables makes for our first rule is not there for anybody else, and goes with the last rule.
requirePlace();

// As iptables before 1.8.8 answers, on its own and for a whole table.
const old: Readonly<Record<string, string>> = {
  'iptables-restore':
    'input=$(cat); case $input in *"-X PREROUTING"*) echo "CHAIN_USER_DEL failed (Operation not supported): chain PREROUTING" >&2; exit 1;; esac; printf "%s\\n" "$input" | "$REAL" "$@"',
  iptables: 'case "$*" in *"-X PREROUTING"*) echo "Operation not supported" >&2; exit 1;; esac; exec "$REAL" "$@"',
};

const opening = async (programs: Readonly<Record<string, string>>) => {
  const system = await openPrograms(programs);
  const script = spawnScript({
    source: openingScript(
      'iptables',
      `process.stdin.once('data', () => net.close().then(() => console.log('closed')));`,
    ),
    spawn: system.spawn,
  });
  const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
  return {
    bridge,
    close: async () => {
      script.send('close');
      await script.waitForLine('closed');
    },
    [Symbol.asyncDispose]: async () => {
      await script[Symbol.asyncDispose]();
      await system[Symbol.asyncDispose]();
    },
  };
};

const rawTable = (): Promise<string> => outputOf(execHere, ['iptables-save', '-t', 'raw']);

describe.each([
  ['an iptables that deletes base chains', {}],
  ['one that does not', old],
])('with %s', (_name, programs) => {
  test('the last of two takes the chain along', async () => {
    const before = await takeState();
    await using one = await opening(programs);
    await using two = await opening(programs);
    await one.close();
    expect(await rawTable()).toContain(`LHF-${two.bridge}`);
    expect(await rawTable()).not.toContain(`LHF-${one.bridge}`);
    expect(await rawTable()).toContain(':LHF-MADE-PREROUTING');
    await two.close();
    expect(renderDifference(before, await takeState())).toBe('');
  });

  test('a table that was left empty does not make the chain look like somebody else’s', async () => {
    const before = await takeState();
    // Where a removal was killed before its last step; iptables-save then tells of chains that are not there.
    await outputOf(execHere, ['nft', 'add', 'table', 'ip', 'raw']);
    expect(await rawTable()).toContain(':PREROUTING ACCEPT');
    await using net = await opening(programs);
    await net.close();
    expect(renderDifference(before, await takeState())).toBe('');
  });

  test('a rule that somebody else put there meanwhile stays, and keeps the chain', async () => {
    const foreign = ['PREROUTING', '-i', 'lhf-stranger', '-j', 'DROP'];
    await using net = await opening(programs);
    await outputOf(execHere, ['iptables', '-t', 'raw', '-A', ...foreign]);
    await net.close();
    const after = await rawTable();
    await outputOf(execHere, ['iptables', '-t', 'raw', '-D', ...foreign]);
    expect(after).toContain(`-A ${foreign.join(' ')}`);
    expect(after).not.toContain('LHF-');
    await outputOf(execHere, ['nft', 'delete', 'table', 'ip', 'raw']);
  });
});
