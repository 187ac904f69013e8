import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StrategyReason } from '../../src/index.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { openPrograms, refuse } from '../support/programs.ts';
import type { Spawn } from '../support/run.ts';
import { until } from '../support/until.ts';

interface Outcome {
  readonly strategy?: string;
  readonly reasons?: readonly StrategyReason[];
  readonly code?: string;
  readonly message?: string;
}

// All that an opening, its proof, its diagnosis and its end run programs for.
const life = `${projectRoot}test/engine/programs/life.ts`;

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly spawn?: Spawn;
  readonly end?: 'close' | 'kill';
}

/** How a life of that kind goes in such surroundings; nothing is left of it. */
const live = async (options: object, { end = 'close', ...surroundings }: Surroundings): Promise<Outcome> => {
  const before = await snapshotHere();
  await using script = spawnScript({ file: life, args: [JSON.stringify(options), end], ...surroundings });
  const outcome = JSON.parse(await script.waitForLine(/^\{/)) as Outcome;
  await script.exit;
  const isGone = async (): Promise<boolean> => renderDifference(before, await snapshotHere()) === '';
  if (end === 'kill') await until(isGone, { what: 'all of it to go' });
  else expect(renderDifference(before, await snapshotHere())).toBe('');
  return outcome;
};

const reasonFor = ({ reasons = [] }: Outcome, strategy: string): string | undefined =>
  reasons.find((one) => one.strategy === strategy)?.reason;

// What packages bring into node_modules/.bin, first in PATH under `npm test`.
describe('with other programs of the same names first in PATH', () => {
  const firewall = ['nft', 'iptables', 'iptables-save', 'iptables-restore', 'ip', 'tc', 'conntrack', 'sysctl', 'tee'];
  const names = [...firewall, 'sudo', 'sh', 'ldd', 'flock', 'awk', 'sed', 'grep', 'sort', 'tr', 'cat', 'true'];
  let folder: string;
  let ran: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lhf-bin-'));
    ran = join(folder, 'ran.txt');
    await writeFile(ran, '');
    for (const name of names) {
      await writeFile(join(folder, name), `#!/bin/sh\necho "$0 $*" >> ${ran}\nexit 1\n`);
      await chmod(join(folder, name), 0o755);
    }
    env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ['auto', 'nftables', 'close'],
    ['nftables', 'nftables', 'kill'],
    ['iptables', 'iptables', 'close'],
    ['iptables', 'iptables', 'kill'],
  ] as const)('%s works by %s to its end by %s, and none of them runs', async (strategy, opened, end) => {
    expect(await live({ strategy }, { env, end })).toMatchObject({ strategy: opened });
    expect(await readFile(ran, 'utf8')).toBe('');
  });

  test('nor does one that lies where sudo looks first', async () => {
    await using system = await openPrograms({
      sudo: `[ "$1" = -n ] || exit 1; shift; PATH=${folder}:$PATH exec "$@"`,
    });
    for (const strategy of ['nftables', 'iptables']) {
      const outcome = await live({ strategy, privilege: 'sudo' }, { spawn: system.spawn });
      expect(outcome).toMatchObject({ strategy });
    }
    expect(await readFile(ran, 'utf8')).toBe('');
  });
});

describe('with a terminal that the system does not know', () => {
  test.each(['auto', 'nftables', 'iptables'])('%s works', async (strategy) => {
    const outcome = await live({ strategy }, { env: { TERM: 'xterm-kitty-unknown' } });
    expect(outcome).toMatchObject({ strategy: strategy === 'iptables' ? 'iptables' : 'nftables' });
  });
});

test('what nft says at its start is no answer', async () => {
  const noise = 'if [ "$1" = -i ]; then echo "No entry for terminal type; using dumb terminal settings." >&2; fi';
  await using system = await openPrograms({ nft: `${noise}; exec "$REAL" "$@"` });
  const outcome = await live({ strategy: 'nftables' }, { spawn: system.spawn });
  expect(outcome).toMatchObject({ strategy: 'nftables' });
});

// Each looks well, and fails when it is needed.
describe.each([
  ['ends with a word', refuse('-i', 'terminal is on fire'), 'terminal is on fire'],
  ['ends without a word', 'if [ "$1" = -i ]; then exit 0; fi; exec "$REAL" "$@"', ''],
  [
    'refuses the rules',
    'if [ "$1" = -i ]; then exec sed -u "s/flags owner/flags stranger/" | "$REAL" "$@"; fi; exec "$REAL" "$@"',
    'stranger',
  ],
])('where nft %s', (_, nft, words) => {
  test('auto takes the next strategy and says why', async () => {
    await using system = await openPrograms({ nft });
    const outcome = await live({ privilege: 'root', verify: false }, { spawn: system.spawn });
    expect(outcome).toMatchObject({ strategy: 'iptables' });
    expect(reasonFor(outcome, 'nftables')).toMatch(/^failed at its start: \S/);
    expect(reasonFor(outcome, 'nftables')).toContain(words);
    expect(outcome.reasons?.filter(({ chosen }) => chosen)).toMatchObject([{ strategy: 'iptables' }]);
  });

  test('a smoke check proves what an opening takes, and names it', async () => {
    await using system = await openPrograms({ nft });
    const smoke = async (
      ...args: string[]
    ): Promise<{ exit: unknown; report: { steps: readonly { name: string }[] } }> => {
      const env = { LOCALHOST_FORWARD_PRIVILEGE: 'root' };
      await using cli = spawnScript({
        file: `${projectRoot}dist/cli.js`,
        args: ['smoke', '--json', ...args],
        spawn: system.spawn,
        env,
      });
      const exit = await cli.exit;
      return { exit, report: JSON.parse(cli.lines.join('\n')) as { steps: readonly { name: string }[] } };
    };
    const { exit, report } = await smoke();
    expect(report).toMatchObject({ ok: true, strategy: 'iptables', privilege: 'root', leftovers: [] });
    expect(report.steps.filter(({ name }) => name === 'strategy')).toMatchObject([
      { detail: expect.stringMatching(/^nftables as root/) },
      { detail: expect.stringMatching(/^iptables as root/) },
    ]);
    expect(exit).toEqual({ code: 0, signal: null });
    expect(await smoke('--strategy', 'all')).toMatchObject({ exit: { code: 0 } });
    expect(await smoke('--strategy', 'nftables')).toMatchObject({ exit: { code: 1 }, report: { ok: false } });
  });

  test('nftables asked for fails with its words', async () => {
    await using system = await openPrograms({ nft });
    const outcome = await live({ strategy: 'nftables', privilege: 'root', verify: false }, { spawn: system.spawn });
    expect(outcome).toMatchObject({ code: 'LHF_ERR_RULES', message: expect.stringContaining(words) as string });
  });
});

test('where nft may not do anything, other rights are tried, and say so', async () => {
  const words = 'netlink: Error: cache initialization failed: Operation not permitted';
  await using system = await openPrograms({
    nft: 'if [ "$1" = -i ]; then exec setpriv --inh-caps=-net_admin --bounding-set=-net_admin "$REAL" "$@"; fi; exec "$REAL" "$@"',
  });
  const asked = await live({ privilege: 'root', verify: false }, { spawn: system.spawn });
  expect(asked).toMatchObject({ code: 'LHF_ERR_RULES', message: expect.stringContaining(words) as string });
  const outcome = await live({ verify: false }, { spawn: system.spawn });
  expect(outcome).toMatchObject({ strategy: 'nftables' });
  expect(reasonFor(outcome, 'nftables')).toContain(`root was refused: ${words}`);
});

test('where sudo asks for a password after all, its words are told', async () => {
  await using system = await openPrograms({
    sudo: 'case "$*" in *"nft -i"|*iptables-restore*) echo "sudo: a password is required" >&2; exit 1;; esac; shift; exec "$@"',
  });
  for (const strategy of ['auto', 'nftables']) {
    const outcome = await live({ strategy, privilege: 'sudo', verify: false }, { spawn: system.spawn });
    expect(outcome).toMatchObject({ code: 'LHF_ERR_RULES' });
    expect(outcome.message).toMatch(/sudo: a password is required/);
  }
});
