import { describeJudgement, judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession } from '../ownership/owner.ts';
import type { Mark } from '../strategies/leftover-kind.ts';

/** How old what nobody here can ask about must be before it goes: longer than any test run, in milliseconds. */
const oldAfterMs = 24 * 60 * 60 * 1000;

export interface Verdict {
  readonly remove: boolean;
  readonly reason: string;
  /** It goes only if a second look, a little later, says the same: its owner may be opening. */
  readonly waits?: boolean;
  /** Its owner is on another host or in another pid namespace. */
  readonly isElsewhere?: boolean;
}

export interface Circumstances {
  readonly all: boolean;
  readonly now: number;
  /** Whether a bridge of this owner is on this host now. */
  readonly hasBridge: boolean;
  readonly judge?: typeof judgeOwner;
}

/** Whether what carries an owner's mark goes or stays, and why. The owner is judged once for all of it. */
export const judgeOwned = (
  session: string | undefined,
  { all, now, hasBridge, judge = judgeOwner }: Circumstances,
): ((mark: Pick<Mark, 'kind' | 'created'>) => Verdict) => {
  if (all) return () => ({ remove: true, reason: 'everything was asked for' });
  const owner = parseSession(session ?? '');
  const { state, doubt } = owner === undefined ? {} : judge(owner);
  if (state === 'dead') return () => ({ remove: true, reason: 'its owner is dead' });
  if (state === 'alive') {
    const life = doubt === undefined ? 'is alive' : `may be alive: ${doubt}`;
    return () => ({ remove: false, reason: `its owner, process ${owner?.pid}, ${life}` });
  }
  const who = state === undefined ? 'an owner that its mark does not tell' : 'another host or pid namespace';
  return ({ kind, created }) => {
    if (kind === 'network' || kind === 'container' || kind === 'folder') {
      const age = created === undefined ? 0 : now - created;
      return {
        remove: age > oldAfterMs,
        reason: `it belongs to ${who} and is younger than a day`,
        isElsewhere: state === 'elsewhere',
      };
    }
    // Rules have no age. Without a bridge they do nothing, and nobody opening would leave them so for long.
    return { remove: state === 'elsewhere' && !hasBridge, reason: `it belongs to ${who}`, waits: true };
  };
};

/** An owner in a few words, for people. */
export const describeOwner = (session: string | undefined): string | undefined => {
  const owner = parseSession(session ?? '');
  return owner === undefined ? undefined : `process ${owner.pid}, ${describeJudgement(judgeOwner(owner))}`;
};
