import type { Engine } from '../engine/engine.ts';
import { groupByOwner } from '../leftovers/belongings.ts';
import { describeOwner } from '../leftovers/judge.ts';
import { leftoverKinds } from '../leftovers/kinds.ts';
import type { Leftover } from '../leftovers/leftover.ts';
import { look } from '../leftovers/look.ts';
import { listShared } from '../leftovers/shared.ts';
import { judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession } from '../ownership/owner.ts';
import type { Privileges } from '../privilege/privileges.ts';

/** What an earlier run left: everything of one owner. */
export interface LeftBehind {
  /** Its bridges, with a comma and a space between them; empty for what all processes share. */
  readonly bridge: string;
  /** For people: `process 4711, dead`; null where no mark tells it. */
  readonly owner: string | null;
  /** Such as `network lhf-…`. */
  readonly things: readonly string[];
}

const tell = ({ kind, name }: Pick<Leftover, 'kind' | 'name'>): string => `${kind} ${name}`;

/** What carries our mark and has no living owner here. Lists, and removes nothing; what cannot be listed is left out. */
export const findLeftBehind = async (
  engine: Engine | undefined,
  privileges: Privileges | undefined,
): Promise<LeftBehind[]> => {
  const tools = { engine, privileges };
  const [{ marks }, shared] = await Promise.all([look(leftoverKinds, tools), listShared(leftoverKinds, tools)]);
  const left = groupByOwner(marks)
    .filter(({ session }) => {
      const owner = parseSession(session ?? '');
      return owner === undefined || judgeOwner(owner).state !== 'alive';
    })
    .map(({ session, marks: things }) => ({
      bridge: [...new Set(things.flatMap(({ bridges }) => bridges))].join(', '),
      owner: describeOwner(session) ?? null,
      things: things.map(tell),
    }));
  return shared.length === 0 ? left : [...left, { bridge: '', owner: null, things: shared.map(tell) }];
};
