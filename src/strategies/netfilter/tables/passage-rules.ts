import { callerOf } from './cut-rules.ts';

/** What a service's answer goes back by: the container's side of its connection. */
const backKey = 'oifname . meta l4proto . ct original proto-dst';

export interface PassageOptions {
  /** Whether ports are cut or slowed, which each packet is then asked for. */
  readonly hasFaults: boolean;
}

/**
 * What packets of forwarded ports meet on their way in and back, in chains that are there. Questions about faults come with the first one
 * of a process and stay: without them what comes in is asked for one thing less, and an answer for four.
 */
export const renderPassage = (table: string, key: string, { hasFaults }: PassageOptions): string[] => {
  const add = (chain: string, ...rules: readonly string[]): string[] =>
    rules.map((rule) => `add rule ${table} ${chain} ${rule}`);
  const ofFaults = (...rules: readonly string[]): readonly string[] => (hasFaults ? rules : []);
  return [
    ...add(
      'translated',
      'iifname . ip saddr @probes goto probed',
      `${hasFaults ? `${callerOf} != @dropped ` : ''}${key} @attempts`,
      // Nothing is accepted of it: each flow that is translated is one.
      `meta l4proto udp ${key} @connections`,
      `dnat ip to ${key} map @ports`,
    ),
    ...add(
      'followed',
      ...ofFaults(`fib daddr type local ${key} vmap @cuts`),
      // Asked first, since it is so of nearly every packet. nft takes the port of a reply for one only where it knows the protocol.
      ...['tcp', 'udp'].map((protocol) => `meta l4proto ${protocol} ${key} . ct reply proto-src @live accept`),
      'ct direction original ct status dnat ct reply ip saddr 127.0.0.0/8 goto closed',
    ),
    // A service that accepts says so by its first packet; one that refuses, or is away, does not.
    ...add(
      'accepted',
      'oifname . ip daddr @probes accept',
      ...ofFaults('oifname . ip daddr . tcp dport . ct original proto-dst @spoiled accept'),
      `meta l4proto tcp ${backKey} @connections`,
    ),
    ...add(
      'replied',
      ...['tcp', 'udp'].flatMap((protocol) =>
        ofFaults(
          `meta l4proto ${protocol} meta priority set ${backKey} map @slowed`,
          `meta l4proto ${protocol} ${backKey} vmap @cuts`,
        ),
      ),
      'tcp flags & (syn | ack) == syn | ack goto accepted',
      `meta l4proto udp oifname @bridges ${backKey} . ct reply proto-src != @live counter drop`,
    ),
  ];
};

/** The same with faults, in place of what is there: once more is as good as once. */
export const renderPassageAnew = (table: string, key: string): string[] => [
  ...['translated', 'followed', 'accepted', 'replied'].map((chain) => `flush chain ${table} ${chain}`),
  ...renderPassage(table, key, { hasFaults: true }),
];
