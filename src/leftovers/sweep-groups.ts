import { setTimeout as delay } from 'node:timers/promises';
import { interfaceExists } from '../host/kernel.ts';
import { describeOwner, judgeFound, type Verdict } from './judge.ts';
import type { Belongings, Found, Leftover, SweepReport } from './leftover.ts';
import { removeFound, type RemovalTools } from './remove.ts';

/** How long rules of another pid namespace's owner must be without their bridge: it may be opening, in milliseconds. */
const openingMs = 2_000;

/** Judges each bridge's belongings, and removes what may go. */
export const sweepGroups = async (
  groups: readonly Belongings[],
  tools: RemovalTools,
  { all, now }: { all: boolean; now: number },
): Promise<SweepReport> => {
  const removed: SweepReport['removed'][number][] = [];
  const spared: SweepReport['spared'][number][] = [];
  const failed: SweepReport['failed'][number][] = [];
  const sweepGroup = async ({ bridge, session, found }: Belongings): Promise<void> => {
    const describe = (one: Found): Leftover => describeFound(one, session);
    const judge = (one: Found) => judgeFound(one, { session, all, now, bridgeExists: interfaceExists(bridge) });
    const ripe = await stillRipe(found, judge);
    for (const one of found) if (!ripe.includes(one)) spared.push({ ...describe(one), reason: judge(one).reason });
    if (ripe.length === 0) return;
    for (const { found: one, failure, disconnected } of await removeFound(bridge, ripe, tools)) {
      if (failure === undefined) removed.push(describe(one));
      else failed.push({ ...describe(one), reason: failure });
      if (disconnected !== undefined) warnOfAttached(one.name, disconnected);
    }
  };
  // A few at a time: the engine works on one network after the other anyway.
  const queue = [...groups];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let group = queue.shift(); group !== undefined; group = queue.shift()) await sweepGroup(group);
    }),
  );
  return { removed, spared, failed };
};

const stillRipe = async (found: readonly Found[], judge: (one: Found) => Verdict): Promise<Found[]> => {
  const ripe = found.filter((one) => judge(one).remove);
  if (!ripe.some((one) => judge(one).waits === true)) return ripe;
  await delay(openingMs);
  return ripe.filter((one) => judge(one).remove);
};

const describeFound = ({ kind, name, bridge, session }: Found, owner: string | undefined): Leftover => {
  const known = session ?? owner;
  const described = describeOwner(known);
  return {
    kind,
    name,
    ...(bridge === '' ? {} : { bridge }),
    ...(known === undefined ? {} : { session: known }),
    ...(described === undefined ? {} : { owner: described }),
  };
};

const warnOfAttached = (network: string, disconnected: readonly string[]): void =>
  process.emitWarning(`still attached to ${network}, disconnected: ${disconnected.join(', ')}`, {
    type: 'LocalhostForwardWarning',
    code: 'LHF_WARN_ATTACHED',
  });
