import { messageOf } from '../engine/networks.ts';
import type { LeftoverKind, LeftoverTools, Mark } from '../strategies/leftover-kind.ts';

/** What was found, and what could not be looked through. */
export interface Sight {
  readonly marks: readonly Mark[];
  readonly unseen: readonly { readonly name: string; readonly reason: string }[];
}

/** Lists all that carries our mark, of these kinds, each with what it tells of its owner. Never throws: not to see is a result. */
export const look = async (kinds: readonly LeftoverKind[], tools: LeftoverTools): Promise<Sight> => {
  const sights = await Promise.all(
    kinds.map(async (kind): Promise<Sight> => {
      try {
        return { marks: await read(kind, await kind.list(tools), tools), unseen: [] };
      } catch (error) {
        return { marks: [], unseen: [{ name: kind.name, reason: reasonOf(error) }] };
      }
    }),
  );
  return { marks: sights.flatMap(({ marks }) => marks), unseen: sights.flatMap(({ unseen }) => unseen) };
};

/** What marks of one kind tell of themselves. */
export const read = async (
  kind: LeftoverKind,
  marks: readonly Mark[],
  tools: LeftoverTools,
): Promise<readonly Mark[]> => (marks.length === 0 ? [] : ((await kind.read?.(marks, tools)) ?? marks));

/** An error's first line, and the engine's own words where it is one of the engine's. */
export const reasonOf = (error: unknown): string => messageOf(error).split('\n')[0] ?? '';
