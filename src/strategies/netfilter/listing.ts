import { keyOf, type PortKey } from '../strategy.ts';

/** An element of one of our sets or maps: whose port it is, and what was counted. */
export interface ListedElement {
  readonly packets: number;
  readonly bytes: number;
}

// A host without /etc/protocols lists numbers.
const protocols: Readonly<Record<string, string>> = { tcp: 'tcp', udp: 'udp', '6': 'tcp', '17': 'udp' };

/** The elements of one bridge in the listing of a set or map that is keyed by bridge, protocol and port. */
export const parseElements = (listing: string, bridge: string): ReadonlyMap<string, ListedElement> => {
  const element = /"?(lhf-[0-9a-z]{8})"? \. (\w+) \. (\d+)(?: counter packets (\d+) bytes (\d+))?/g;
  return new Map(
    Array.from(listing.matchAll(element)).flatMap(([, of, name = '', port, packets = '0', bytes = '0']) => {
      const protocol = protocols[name];
      if (of !== bridge || protocol === undefined) return [];
      return [[`${protocol}/${Number(port)}`, { packets: Number(packets), bytes: Number(bytes) }]];
    }),
  );
};

/** One port's element; zeros where there is none. */
export const elementOf = (elements: ReadonlyMap<string, ListedElement>, port: PortKey): ListedElement =>
  elements.get(keyOf(port)) ?? { packets: 0, bytes: 0 };

/** Whether the listing of a table guards a bridge. */
export const guards = (listing: string, bridge: string): boolean =>
  listing.includes(`"${bridge}"`) &&
  ['daddr', 'saddr'].every((end) => new RegExp(String.raw`ip ${end} 127\.0\.0\.0/8 .*drop`).test(listing)) &&
  /hook prerouting/.test(listing) &&
  /hook input/.test(listing);
