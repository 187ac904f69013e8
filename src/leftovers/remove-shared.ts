import { debug } from '../command/debug.ts';
import type { LeftoverKind, LeftoverTools } from '../strategies/leftover-kind.ts';
import type { Leftover } from './leftover.ts';

/** Removes what processes share where none of them is left: it has no owner to be judged by. Never throws. */
export const removeShared = async (kinds: readonly LeftoverKind[], tools: LeftoverTools): Promise<Leftover[]> => {
  const removed = await Promise.all(
    kinds.map(async (one): Promise<Leftover[]> => {
      const removing = one.removeShared?.(tools);
      const names = await removing?.catch((error: unknown) => debug(`${one.name}: ${String(error)}`));
      return (names ?? []).map((name) => ({ kind: one.kind, name }));
    }),
  );
  return removed.flat();
};
