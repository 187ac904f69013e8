import type { Engine } from '../engine/engine.ts';
import { findAll } from '../lifecycle/sweep/find.ts';
import { describeOwner } from '../lifecycle/sweep/judge.ts';
import { groupFound } from '../lifecycle/sweep/leftover.ts';
import { judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession } from '../ownership/owner.ts';
import type { Privileges } from '../privilege/privileges.ts';

/** What an earlier run left: everything of one bridge. */
export interface LeftBehind {
  readonly bridge: string;
  /** For people: `process 4711, dead`; null where no mark tells it. */
  readonly owner: string | null;
  /** Such as `network lhf-…`. */
  readonly things: readonly string[];
}

/** What carries our mark and has no living owner here. Lists, and removes nothing; what cannot be listed is left out. */
export const findLeftBehind = async (
  engine: Engine | undefined,
  privileges: Privileges | undefined,
): Promise<LeftBehind[]> => {
  const groups = groupFound(await findAll({ engine, privileges }, () => undefined));
  return groups
    .filter(({ session }) => {
      const owner = parseSession(session ?? '');
      return owner === undefined || judgeOwner(owner).state !== 'alive';
    })
    .map(({ bridge, session, found }) => ({
      bridge,
      owner: describeOwner(session) ?? null,
      things: found.map(({ kind, name }) => `${kind} ${name}`),
    }));
};
