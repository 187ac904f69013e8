import { expect, test } from 'vitest';
import { projectRoot, spawnScript } from '../support/children.ts';
import { openPrograms } from '../support/programs.ts';
import { execHere, outputOf, spawnHere, type Spawn } from '../support/run.ts';
import { cacheCompilation } from './compile-cache.ts';
import { leave } from './leave.ts';
import { takeState, differenceAtLast } from './trace.ts';

const addStrangers = (): Promise<string> =>
  outputOf(execHere, [
    'nft',
    'add table inet strangers; add chain inet strangers input { type filter hook input priority 7; }',
  ]);
const removeStrangers = (): Promise<string> => outputOf(execHere, ['nft', 'delete table inet strangers']);

const sweepByCommand = async (spawn: Spawn = spawnHere) => {
  cacheCompilation();
  await using script = spawnScript({
    file: `${projectRoot}dist/cli.js`,
    args: ['sweep'],
    env: { DEBUG: 'localhost-forward' },
    spawn,
  });
  const { code } = await script.exit;
  // One line of each program that was run, without what it was given and how long it took.
  const programs = Array.from(
    script.stderr().matchAll(/localhost-forward (?:nft|iptables\S*|tee) [^:/]*/g),
    ([line]) => line,
  );
  // What dead runs of other engines left in the machine's /tmp is no part of this.
  const lines = script.lines.filter((line) => !line.startsWith('removed folder '));
  return { code, lines, programs: programs.toSorted((a, b) => a.localeCompare(b)) };
};

test('a sweep of 30 dead forwards runs no more programs than one of 2', { timeout: 240_000 }, async () => {
  const before = await takeState();
  await addStrangers();
  const sweepOf = async (count: number) => {
    for (let n = 0; n < count; n += 1) await leave({ startTime: 1 });
    const swept = await sweepByCommand();
    expect({ code: swept.code, lines: swept.lines.filter((line) => !line.startsWith('removed ')) }).toEqual({
      code: 0,
      lines: [],
    });
    expect(swept.lines).toHaveLength(count);
    // Its parameter, a diagnosis's counters, chains, an accept, the network, its guard.
    const all = /sysctl .*; rules lhf_hops_\w+, iptables nat: .*; accept .*; network .*; guard /;
    expect(swept.lines.filter((line) => !all.test(line))).toEqual([]);
    return swept.programs;
  };
  const few = await sweepOf(2);
  expect(few.length).toBeGreaterThan(5);
  expect(await sweepOf(30)).toEqual(few);
  await removeStrangers();
  expect(await differenceAtLast(before)).toBe('');
});

test('a sweep that could not look through something says so, and exits with 1', async () => {
  await using system = await openPrograms({
    nft: 'case "$*" in "list chains") echo "Error: it is too much" >&2; exit 1;; esac; exec "$REAL" "$@"',
  });
  const { code, lines } = await sweepByCommand(system.spawn);
  expect({ code, lines }).toEqual({
    code: 1,
    lines: [
      'stays   listing nftables: chains of others: it could not be looked through: nft list chains: Error: it is too much',
    ],
  });
});
