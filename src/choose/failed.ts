import type { Obstacle } from '../strategies/strategy.ts';
import type { Privilege, Strategy } from '../types.ts';

/** A strategy that was tried by some rights, and did not even come to its start. */
export interface FailedStart {
  readonly strategy: Strategy;
  readonly privilege: Privilege;
  /** What was said, in one line. */
  readonly words: string;
  /** Whether the rights were refused, so that they are of no use to another strategy either; else no other rights would help this one. */
  readonly isOfRights: boolean;
  /** Whether it was only asked what would come of it. */
  readonly isRehearsed?: boolean;
  readonly advice?: string;
}

/** All that failed, in the order in which it was tried. */
export type Failed = readonly FailedStart[];

/** Why a strategy that failed is not taken: undefined where it did not, or where other rights may do better. Pure. */
export const failureOf = (failed: Failed, strategy: Strategy): Obstacle | undefined => {
  const own = failed.filter((one) => one.strategy === strategy);
  const last = own.findLast(({ isOfRights }) => !isOfRights);
  if (last === undefined) return undefined;
  const what = `${last.isRehearsed === true ? 'would fail' : 'failed'} at its start: ${last.words}`;
  return last.advice === undefined ? { what } : { what, advice: last.advice };
};

/** Why rights are not taken that were refused. Pure. */
export const refusalOf = (failed: Failed, privilege: Privilege): string | undefined =>
  failed.find((one) => one.privilege === privilege && one.isOfRights)?.words;

/**
 * Whether words of the system, of sudo or of ours say that somebody may not do what was asked for, or cannot even begin. Pure.
 *
 * The kernel says EPERM where a capability is missing, and EROFS where /proc/sys is read-only.
 */
export const isRefusalOfRights = (words: string): boolean =>
  /operation not permitted|permission denied|read-only file system|\b(?:EPERM|EACCES|EROFS)\b|^sudo: |must be root|container that is to change the kernel/im.test(
    words,
  );
