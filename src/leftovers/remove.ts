import type { LeftoverKind, LeftoverTools, Mark, Outcome } from '../strategies/leftover-kind.ts';
import { reasonOf } from './look.ts';

/**
 * Removes all of them, kind after kind, each kind in few calls however many there are. One thing's failure keeps nothing else from
 * going, but what guards something that could not be removed.
 */
export const removeMarks = async (
  kinds: readonly LeftoverKind[],
  marks: readonly Mark[],
  tools: LeftoverTools,
): Promise<Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const kind of kinds) {
    const batch = marks.filter(({ origin }) => origin === kind.name);
    if (batch.length === 0) continue;
    const failAll = (error: unknown): Outcome[] => batch.map((mark) => ({ mark, failure: reasonOf(error) }));
    outcomes.push(...(await kind.remove(batch, tools).catch(failAll)));
  }
  return outcomes;
};
