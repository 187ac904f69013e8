import { delay } from '../clock.ts';
import { warnAttached } from '../engine/warn-attached.ts';
import type { judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession } from '../ownership/owner.ts';
import type { LeftoverTools, Mark } from '../strategies/leftover-kind.ts';
import type { Belongings } from './belongings.ts';
import { listInterfaces } from '../host/kernel.ts';
import { judgeByEngine } from './judge-by-engine.ts';
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
  /** Its owner is where a pid tells nothing and has its networks on another engine: whoever asks this one can do nothing about it. */
  readonly isNotOurs?: boolean;
  /** Bridges whose networks another engine has than the one that is asked. */
  readonly unreached?: readonly string[];
}

/** Judges each owner, and removes what may go: of all of them at once, so that a hundred are as few calls as one. */
export const sweepOwners = async (
  owners: readonly Belongings[],
  tools: LeftoverTools,
  terms: SweepTerms,
): Promise<SweepReport> => {
  const judge = await judgeByEngine(
    owners.map(({ session }) => session),
    tools,
  );
  const look = (): Promise<Judged[]> => judgeAll(owners, { ...terms, judge, engine: tools.engine });
  let judged = await look();
  if (judged.some(({ verdict }) => verdict.remove && verdict.waits === true)) {
    const ripe = new Set(judged.flatMap(({ mark, verdict }) => (verdict.remove ? [mark] : [])));
    await delay(openingMs);
    judged = (await look()).map((one) =>
      ripe.has(one.mark) ? one : { ...one, verdict: { ...one.verdict, remove: false } },
    );
  }
  const going = judged.filter(({ verdict }) => verdict.remove);
  const sessions = new Map(judged.map(({ mark, session }) => [mark, session]));
  const describe = (mark: Mark): Leftover => describeMark(mark, sessions.get(mark));
  const marks = going.map(({ mark }) => mark);
  const outcomes = await removeMarks(leftoverKinds, marks, tools);
  for (const { mark, disconnected } of outcomes) warnAttached(mark.name, disconnected ?? [], 'it was swept');
  return {
    removed: outcomes.flatMap(({ mark, failure }) => (failure === undefined ? [describe(mark)] : [])),
    // A living bridge's parameter is nothing that anybody left.
    spared: judged.flatMap(({ mark, verdict, isNotOurs, unreached }) =>
      verdict.remove || isNotOurs === true || unreached !== undefined || mark.kind === 'sysctl'
        ? []
        : [{ ...describe(mark), reason: verdict.reason }],
    ),
    failed: [
      ...outcomes.flatMap(({ mark, failure }) =>
        failure === undefined ? [] : [{ ...describe(mark), reason: failure }],
      ),
      ...judged.flatMap(({ mark, unreached = [] }) =>
        unreached.map((bridge) => ({
          ...describe({ ...mark, kind: 'network', name: bridge, bridges: [bridge] }),
          reason: `another engine of this host has it than ${tools.engine?.facts?.endpoint ?? 'this one'}: sweep by that one's DOCKER_HOST`,
        })),
      ),
    ],
  };
};

const judgeAll = async (
  owners: readonly Belongings[],
  { engine, ...terms }: SweepTerms & { readonly judge: typeof judgeOwner } & Pick<LeftoverTools, 'engine'>,
): Promise<Judged[]> => {
  const interfaces = await listInterfaces();
  return owners.flatMap(({ session, nonce, marks }) => {
    const bridges = interfaces.filter((name) => name.startsWith(`lhf-${nonce}`));
    const circumstances = { ...terms, hasBridge: bridges.length > 0 };
    const judge = judgeOwned(session, circumstances);
    const of = parseSession(session ?? '')?.engine;
    const isOfOther = of !== undefined && engine?.owner !== undefined && of !== engine.owner.engine;
    const judgeNotOurs = judgeOwned(session, { ...circumstances, all: false });
    return marks.map((mark) => {
      if (isOfOther && mark.kind === 'folder') {
        // /tmp may be shared with other pid namespaces and their engines: even `all` is not all of theirs.
        const verdict = judgeNotOurs(mark);
        if (verdict.isElsewhere === true) return { mark, session, verdict, isNotOurs: true };
      }
      const verdict = judge(mark);
      // The guard is what still tells of a network that only its own engine can remove.
      const stays = isOfOther && verdict.remove && mark.kind === 'guard' && bridges.length > 0;
      return stays
        ? { mark, session, verdict: { remove: false, reason: verdict.reason }, unreached: bridges }
        : { mark, session, verdict };
    });
  });
};
