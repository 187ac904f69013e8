import type { RuleHandle } from './nft-marks.ts';

/** Something that carries our mark. */
export interface Leftover {
  readonly kind: 'network' | 'container' | 'rules' | 'guard' | 'accept' | 'sysctl' | 'engine';
  readonly name: string;
  /** The bridge it belongs to. */
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

/** A leftover with what it takes to remove it. */
export interface Found {
  readonly kind: Leftover['kind'];
  readonly name: string;
  /** Empty where nothing tells it. */
  readonly bridge: string;
  readonly session: string | undefined;
  /** The engine's id of a network or container. */
  readonly id?: string;
  /** Milliseconds since the epoch, where a label tells it. */
  readonly created?: number;
  /** An nft table: its family. */
  readonly family?: string;
  /** One rule in a chain of somebody else's. */
  readonly rule?: RuleHandle;
  /** Tables of iptables that hold chains or rules of this bridge. */
  readonly iptables?: readonly string[];
}

/** Everything of one bridge and owner. */
export interface Belongings {
  readonly bridge: string;
  readonly session: string | undefined;
  readonly found: readonly Found[];
}

/** Sorts by bridge and owner. What names a bridge but no owner goes with the one owner that this bridge has. */
export const groupFound = (found: readonly Found[]): Belongings[] => {
  const sessionsOf = Map.groupBy(
    found.filter(({ session, bridge }) => session !== undefined && bridge !== ''),
    ({ bridge }) => bridge,
  );
  const ownerOf = ({ session, bridge }: Found): string | undefined => {
    const [only, ...others] = new Set(sessionsOf.get(bridge)?.map((one) => one.session));
    return session ?? (others.length === 0 ? only : undefined);
  };
  const groups = Map.groupBy(found, (one) => `${one.bridge} ${ownerOf(one) ?? ''}`);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    return first === undefined ? [] : [{ bridge: first.bridge, session: ownerOf(first), found: members }];
  });
};
