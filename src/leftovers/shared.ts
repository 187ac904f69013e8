import { debug } from '../command/debug.ts';
import type { LeftoverKind, LeftoverTools } from '../strategies/leftover-kind.ts';
import type { Leftover } from './leftover.ts';

/** What processes share where none of them is left: it has no owner to be judged by. Never throws. */
export const listShared = (kinds: readonly LeftoverKind[], tools: LeftoverTools): Promise<Leftover[]> =>
  ofShared(kinds, ({ shared }) => shared?.list(tools));

/** Removes that, and resolves to what went. Never throws. */
export const removeShared = (kinds: readonly LeftoverKind[], tools: LeftoverTools): Promise<Leftover[]> =>
  ofShared(kinds, ({ shared }) => shared?.remove(tools));

const ofShared = async (
  kinds: readonly LeftoverKind[],
  ask: (kind: LeftoverKind) => Promise<readonly string[]> | undefined,
): Promise<Leftover[]> => {
  const told = await Promise.all(
    kinds.map(async (one): Promise<Leftover[]> => {
      const names = await ask(one)?.catch((error: unknown) => debug(`${one.name}: ${String(error)}`));
      return (names ?? []).map((name) => ({ kind: one.kind, name }));
    }),
  );
  return told.flat();
};
