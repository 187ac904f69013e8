import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { LeftoverTools, Mark } from '../strategies/leftover-kind.ts';
import type { Belongings } from './belongings.ts';
import { judgeOwned, type Verdict } from './judge.ts';
import { leftoverKinds } from './kinds.ts';
import { describeMark, type Leftover, type SweepReport } from './leftover.ts';
import { removeMarks } from './remove.ts';

/** How long rules of another pid namespace's owner must be without their bridge: it may be opening, in milliseconds. */
const openingMs = 2_000;

export interface SweepTerms {
  readonly all: boolean;
  /** The clock that ages are measured by, in milliseconds since the epoch. */
  readonly now: number;
}

interface Judged {
  readonly mark: Mark;
  readonly session: string | undefined;
  readonly verdict: Verdict;
}

/** Judges each owner, and removes what may go: of all of them at once, so that a hundred are as few calls as one. */
export const sweepOwners = async (
  owners: readonly Belongings[],
  tools: LeftoverTools,
  terms: SweepTerms,
): Promise<SweepReport> => {
  let judged = await judgeAll(owners, terms);
  if (judged.some(({ verdict }) => verdict.remove && verdict.waits === true)) {
    const ripe = new Set(judged.flatMap(({ mark, verdict }) => (verdict.remove ? [mark] : [])));
    await delay(openingMs);
    judged = (await judgeAll(owners, terms)).map((one) =>
      ripe.has(one.mark) ? one : { ...one, verdict: { ...one.verdict, remove: false } },
    );
  }
  const going = judged.filter(({ verdict }) => verdict.remove);
  const sessions = new Map(judged.map(({ mark, session }) => [mark, session]));
  const describe = (mark: Mark): Leftover => describeMark(mark, sessions.get(mark));
  const marks = going.map(({ mark }) => mark);
  const outcomes = await removeMarks(leftoverKinds, marks, tools);
  for (const { mark, disconnected } of outcomes)
    if (disconnected !== undefined) warnOfAttached(mark.name, disconnected);
  return {
    removed: outcomes.flatMap(({ mark, failure }) => (failure === undefined ? [describe(mark)] : [])),
    // A living bridge's parameter is nothing that anybody left.
    spared: judged.flatMap(({ mark, verdict }) =>
      verdict.remove || mark.kind === 'sysctl' ? [] : [{ ...describe(mark), reason: verdict.reason }],
    ),
    failed: outcomes.flatMap(({ mark, failure }) =>
      failure === undefined ? [] : [{ ...describe(mark), reason: failure }],
    ),
  };
};

const judgeAll = async (owners: readonly Belongings[], terms: SweepTerms): Promise<Judged[]> => {
  const interfaces = await readdir('/sys/class/net').catch((): string[] => []);
  return owners.flatMap(({ session, nonce, marks }) => {
    const hasBridge = interfaces.some((name) => name.startsWith(`lhf-${nonce}`));
    const judge = judgeOwned(session, { ...terms, hasBridge });
    return marks.map((mark) => ({ mark, session, verdict: judge(mark) }));
  });
};

const warnOfAttached = (network: string, disconnected: readonly string[]): void =>
  process.emitWarning(`still attached to ${network}, disconnected: ${disconnected.join(', ')}`, {
    type: 'LocalhostForwardWarning',
    code: 'LHF_WARN_ATTACHED',
  });
