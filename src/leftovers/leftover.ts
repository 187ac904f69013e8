import type { Mark } from '../strategies/leftover-kind.ts';
import { describeOwner } from './judge.ts';

/** Something that carries our mark, or, of kind `engine` or `listing`, something that could not be looked through. */
export interface Leftover {
  readonly kind: Mark['kind'] | 'engine' | 'listing';
  readonly name: string;
  /** The bridge it belongs to, where it is one. */
  readonly bridge?: string;
  /** Its owner's session word, where the mark tells it. */
  readonly session?: string;
  /** Its owner, for people: `process 4711, dead`. */
  readonly owner?: string;
}

/** What a sweep did. */
export interface SweepReport {
  readonly removed: readonly Leftover[];
  /** What has a living owner, or may have one. */
  readonly spared: readonly (Leftover & { readonly reason: string })[];
  readonly failed: readonly (Leftover & { readonly reason: string })[];
}

/** A mark as it is told to users. */
export const describeMark = ({ kind, name, bridges }: Mark, session: string | undefined): Leftover => {
  const [bridge, ...others] = bridges;
  const owner = describeOwner(session);
  return {
    kind,
    name,
    ...(bridge === undefined || others.length > 0 ? {} : { bridge }),
    ...(session === undefined ? {} : { session }),
    ...(owner === undefined ? {} : { owner }),
  };
};
