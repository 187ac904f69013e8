import { keyOf, type PortKey } from '../../strategy.ts';

/** An element of one of our sets or maps: whose port it is, and what was counted. */
export interface ListedElement {
  readonly packets: number;
  readonly bytes: number;
  /** Of a map: the port of 127.0.0.1. */
  readonly targetPort: number;
}

// A host without /etc/protocols lists numbers.
const protocols: Readonly<Record<string, string>> = { tcp: 'tcp', udp: 'udp', '6': 'tcp', '17': 'udp' };

/** The elements of one bridge in the listing of a set or map that is keyed by bridge, protocol and port. */
export const parseElements = (listing: string, bridge: string): ReadonlyMap<string, ListedElement> => {
  const element =
    /"?(lhf-[0-9a-z]{8})"? \. (\w+) \. (\d+)(?: counter packets (\d+) bytes (\d+))?(?: : [\d.]+ \. (\d+))?/g;
  return new Map(
    Array.from(listing.matchAll(element)).flatMap(([, of, name = '', port, packets = 0, bytes = 0, target = 0]) => {
      const protocol = protocols[name];
      if (of !== bridge || protocol === undefined) return [];
      return [
        [`${protocol}/${Number(port)}`, { packets: Number(packets), bytes: Number(bytes), targetPort: Number(target) }],
      ];
    }),
  );
};

/** One set or map, such as `map ports`, in the listing of several. */
export const partOf = (listing: string, name: string): string =>
  new RegExp(String.raw`^\t${name} \{(?: # handle \d+)?\n.*?^\t\}`, 'ms').exec(listing)?.[0] ?? '';

/** What was counted for one port; zeros where nothing counts it. */
export const countOf = (
  elements: ReadonlyMap<string, ListedElement>,
  port: PortKey,
): { packets: number; bytes: number } => {
  const { packets = 0, bytes = 0 } = elements.get(keyOf(port)) ?? {};
  return { packets, bytes };
};

/** What every guard has, and has to ask whatever comes: see renderArrival. */
const asked = [
  ...['ip daddr 127\\.0\\.0\\.0/8', 'ip saddr 127\\.0\\.0\\.0/8', 'ip option lsrr', 'ip option ssrr'].map(
    (what) => `${what} .*drop`,
  ),
  'chain called \\{[^}]*ip hdrlength > 5 jump routed',
  'chain arrived \\{[^}]*ip hdrlength > 5 jump routed',
];

/** Whether the listing of a table guards a bridge, and seals it where it is hermetic. */
export const guards = (listing: string, bridge: string): boolean => {
  const isIn = (set: string): boolean => partOf(listing, `set ${set}`).includes(`"${bridge}"`);
  return (
    isIn('bridges') &&
    asked.every((what) => new RegExp(what).test(listing)) &&
    /hook prerouting/.test(listing) &&
    (!isIn('hermetic') || ['input', 'forward'].every((hook) => listing.includes(`hook ${hook}`)))
  );
};
