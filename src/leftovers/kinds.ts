import { strategies } from '../strategies/all.ts';
import type { LeftoverKind } from '../strategies/leftover-kind.ts';
import { containers, networks } from './engine-kinds.ts';

/** Each kind of thing that a run can leave, in the order in which they go. */
export const leftoverKinds: readonly LeftoverKind[] = [
  ...new Set<LeftoverKind>([containers, networks, ...strategies.flatMap(({ leftovers }) => leftovers)]),
].toSorted((a, b) => a.order - b.order);
