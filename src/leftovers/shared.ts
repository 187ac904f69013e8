import { delay } from '../clock.ts';
import { debug } from '../command/debug.ts';
import type { LeftoverKind, LeftoverTools } from '../strategies/leftover-kind.ts';
import type { Leftover } from './leftover.ts';

/** Of two processes that leave at the same time, the second takes it a moment later: how often that is waited for, and how long, in milliseconds. */
const mostLooks = 10;
const lookEveryMs = 100;

/** What processes share and stays where none of them is left: it has no owner to be judged by. Never throws. */
export const listShared = async (kinds: readonly LeftoverKind[], tools: LeftoverTools): Promise<Leftover[]> => {
  let left = await ofShared(kinds, ({ shared }) => shared?.list(tools));
  for (let looks = 1; left.length > 0 && looks < mostLooks; looks += 1) {
    await delay(lookEveryMs);
    const now = { ...tools };
    left = await ofShared(kinds, ({ shared }) => shared?.list(now));
  }
  return left;
};

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
