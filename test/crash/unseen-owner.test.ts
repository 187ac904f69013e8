import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweep } from '../../src/index.ts';
import { listForwards } from '../../src/leftovers/list-forwards.ts';
import { parseSession } from '../../src/ownership/owner.ts';
import { execHere, outputOf, spawnHere, type Spawn } from '../support/run.ts';
import { leave } from './leave.ts';
import {
  asPoorRoot,
  asUser,
  openSurroundings,
  upLonger,
  withName,
  withOuterProc,
  withoutProc,
  withProc,
  type Enter,
  type Surroundings,
} from './surroundings.ts';
import { differenceAtLast, startOpener, takeState, tracesOf } from './trace.ts';

let surroundings: Surroundings;
beforeAll(async () => {
  surroundings = await openSurroundings();
});
afterAll(() => surroundings[Symbol.asyncDispose]());

// Group 0 sees everything unless another group is named.
const poorRoot = [...withProc('hidepid=2,gid=4242'), ...asPoorRoot];

const hiding = "this /proc hides other users' processes";
const alive = { state: 'alive' };
const dead = { state: 'dead' };
const elsewhere = { state: 'elsewhere' };
const maybe = (doubt: string) => ({ state: 'alive', doubt });

describe('an owner', () => {
  test.each<[string, Enter, Enter, object, object]>([
    ["another user's", asUser(4243), asUser(4244), alive, dead],
    [
      "another user's, behind hidepid=1",
      asUser(4243),
      [...withProc('hidepid=1'), ...asUser(4244)],
      maybe(hiding),
      dead,
    ],
    [
      "another user's, behind hidepid=2",
      asUser(4243),
      [...withProc('hidepid=2'), ...asUser(4244)],
      maybe(hiding),
      dead,
    ],
    [
      "another user's, behind ProtectProc=ptraceable",
      asUser(4243),
      [...withProc('hidepid=ptraceable'), ...asUser(4244)],
      maybe(hiding),
      dead,
    ],
    [
      "another user's that is hidden itself",
      [...withProc('hidepid=2'), ...asUser(4243)],
      [...withProc('hidepid=2'), ...asUser(4244)],
      maybe(hiding),
      dead,
    ],
    ["the same user's, behind hidepid=2", asUser(4243), [...withProc('hidepid=2'), ...asUser(4243)], alive, dead],
    ['seen by root, whom hidepid=2 hides nothing from', asUser(4243), withProc('hidepid=2'), alive, dead],
    ["another user's, seen by root without rights", asUser(4243), poorRoot, maybe(hiding), dead],
    ['where /proc has processes only', [], withProc('subset=pid'), alive, dead],
    ['that had processes only in its /proc', withProc('subset=pid'), [], alive, dead],
    ['where there is no /proc', [], withoutProc, elsewhere, elsewhere],
    ['that had no /proc', withoutProc, [], elsewhere, elsewhere],
    ['seen from another time namespace', [], upLonger, alive, dead],
    ['in another time namespace', upLonger, [], alive, dead],
    ['on a copy of this machine', withName('copy'), [], elsewhere, elsewhere],
    ['in another pid namespace', withOuterProc, [], elsewhere, elsewhere],
    ['seen from another pid namespace', [], withOuterProc, elsewhere, elsewhere],
  ])('%s', async (_, owning, judging, whileAlive, afterwards) => {
    const owner = await surroundings.startOwner(owning);
    const before = await surroundings.judge(judging, owner.session);
    await owner.end();
    expect([before, await surroundings.judge(judging, owner.session)]).toEqual([whileAlive, afterwards]);
  });

  test("whose pid namespace has another one's /proc", async () => {
    expect(await surroundings.judgeBoth(withOuterProc)).toEqual([
      maybe('no /proc here counts processes as its pid does'),
      dead,
    ]);
  });
});

const docker = new Docker();

// The engine lists in any order.
const sortedTracesOf = async (pid: number): Promise<string[]> => (await tracesOf(pid)).toSorted();

// Somebody else's chain, for the accepts of what is left.
const addStrangers = (): Promise<string> =>
  outputOf(execHere, [
    'nft',
    'add table inet strangers; add chain inet strangers input { type filter hook input priority 7; }',
  ]);
const removeStrangers = (): Promise<string> => outputOf(execHere, ['nft', 'delete table inet strangers']);

test('what a distant owner has, an opening leaves alone whatever its age by this clock', async () => {
  const clean = await takeState();
  await addStrangers();
  const { pid } = process;
  for (const change of [{ pidNamespace: 1 }, { pidNamespace: 0 }, { host: '00000000' }]) await leave(change);
  const had = await sortedTracesOf(pid);
  await using script = startOpener('nftables', 'close');
  expect((await script.exit).code).toBe(0);
  expect(await sortedTracesOf(pid)).toEqual(had);
  expect((await sweep({ all: true })).failed).toEqual([]);
  await removeStrangers();
  expect(await differenceAtLast(clean)).toBe('');
});

const unprivileged: Spawn = (argv, options) => spawnHere([...poorRoot, ...argv], options);

/** Opens and closes a forward, and sweeps, where the processes of other users are hidden; tells what was spared. */
const openWhereHidden = async (strategy: string): Promise<string[]> => {
  await using script = startOpener(strategy, 'closeAndSweep', { spawn: unprivileged });
  expect({ ...(await script.exit), stderr: script.stderr() }).toEqual({ code: 0, signal: null, stderr: '' });
  return script.lines.filter((line) => line.startsWith('spared'));
};

test.each(['nftables', 'iptables'])(
  'what a living user has, an opening (%s) by one who cannot see them leaves alone until they are dead',
  async (strategy) => {
    const clean = await takeState();
    await addStrangers();
    const owner = await surroundings.startOwner(asUser(4243));
    const { pid, startTime } = parseSession(owner.session) ?? { pid: 0, startTime: 0 };
    const { names } = await leave({ pid, startTime });
    const had = await sortedTracesOf(pid);
    // Its network, a diagnosis's counters, iptables' chains, accept, guard and sysctl.
    expect(had.length).toBeGreaterThanOrEqual(6);

    const spared = await openWhereHidden(strategy);
    expect(await sortedTracesOf(pid)).toEqual(had);
    expect(new Set(spared)).toEqual(
      new Set([
        `spared ${names.bridge} process ${pid}, may be alive its owner, process ${pid}, may be alive: ${hiding}`,
      ]),
    );
    expect((await listForwards({ docker })).map(({ bridgeName, alive: is }) => [bridgeName, is])).toEqual([
      [names.bridge, 'alive'],
    ]);

    await owner.end();
    expect(await openWhereHidden(strategy)).toEqual([]);
    await removeStrangers();
    expect(await differenceAtLast(clean)).toBe('');
  },
);
