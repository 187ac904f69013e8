import type { Mark } from '../strategies/leftover-kind.ts';

/** Everything of one owner. */
export interface Belongings {
  readonly session: string | undefined;
  /** What the names of its things begin with. */
  readonly nonce: string;
  readonly marks: readonly Mark[];
}

/** Sorts by owner. What tells no session goes with the one session that has its nonce; where two claim one, with neither. */
export const groupByOwner = (marks: readonly Mark[]): Belongings[] => {
  const sessions = new Map<string, Set<string>>();
  for (const { nonce, session } of marks)
    if (session !== undefined) sessions.set(nonce, (sessions.get(nonce) ?? new Set()).add(session));
  const ownerOf = ({ nonce, session }: Mark): string | undefined => {
    const [only, ...others] = sessions.get(nonce) ?? [];
    return session ?? (others.length === 0 ? only : undefined);
  };
  const groups = Map.groupBy(marks, (mark) => `${mark.nonce} ${ownerOf(mark) ?? ''}`);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    return first === undefined ? [] : [{ session: ownerOf(first), nonce: first.nonce, marks: members }];
  });
};
