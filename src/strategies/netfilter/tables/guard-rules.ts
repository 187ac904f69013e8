/*
 * What the owned table and the guard beside it have in common: see rules.ts. Each base chain asks for the beginning of the name first,
 * which is one comparison: with as many tables as there are processes, a look into a set each would cost other people's packets more.
 */

/** A table, and how the names of all bridges in it begin, as nft writes that: `"lhf-abcde*"`. */
export interface TablePlace {
  readonly table: string;
  readonly ours: string;
}

/**
 * Without this, `route_localnet` opens every port of 127/8 to the bridge, and lets senders pose as 127.x. Source routes rewrite the
 * destination behind it, and what is translated could go on to another address by one: none is taken.
 *
 * What a container sends to its own gateway is nearly all there is, and known to be well addressed by one look: each expression that a packet
 * meets costs more than it asks. All others, and whoever had no place in that set, are asked one by one.
 */
export const renderArrival = ({ table, ours }: TablePlace): string[] => [
  `add set ${table} bridges { type ifname; }`,
  `add set ${table} callers { type ifname . ipv4_addr; flags interval; }`,
  `add set ${table} usual { type ifname . ipv4_addr . ipv4_addr; }`,
  `add chain ${table} routed`,
  ...['lsrr', 'ssrr'].map((route) => `add rule ${table} routed ip option ${route} exists counter drop`),
  `add chain ${table} called`,
  `add rule ${table} called ip hdrlength > 5 jump routed`,
  `add chain ${table} arrived`,
  `add rule ${table} arrived iifname . ip saddr . ip daddr @usual goto called`,
  `add rule ${table} arrived iifname != @bridges accept`,
  `add rule ${table} arrived ip daddr 127.0.0.0/8 counter drop`,
  `add rule ${table} arrived ip saddr 127.0.0.0/8 counter drop`,
  `add rule ${table} arrived ip hdrlength > 5 jump routed`,
  // UDP services believe the source: nobody comes to this host as one of another network, or as this host, by what is for everybody neither.
  // Where a packet goes costs a look into the routes, and is asked of strangers only.
  `add rule ${table} arrived iifname . ip saddr != @callers fib daddr type { local, broadcast, multicast } counter drop`,
  `add chain ${table} arrive { type filter hook prerouting priority -300; policy accept; }`,
  `add rule ${table} arrive iifname ${ours} goto arrived`,
];

/** What hermetic networks will need. Nothing leads there before {@link renderSeal}. */
export const renderHermetic = ({ table }: TablePlace): string[] => [
  `add set ${table} hermetic { type ifname; }`,
  `add set ${table} within { type ifname . ifname; }`,
  `add chain ${table} welcomed`,
  `add rule ${table} welcomed ct status dnat ip daddr 127.0.0.1 accept`,
  `add rule ${table} welcomed ct direction reply accept`,
  `add rule ${table} welcomed ip protocol icmp ct state related accept`,
  `add rule ${table} welcomed counter reject with icmp type admin-prohibited`,
];

/**
 * What a hermetic network's containers send goes to the forwarded ports and to each other. The one comes translated, the other leaves by
 * the bridge that it came by. This host may call its containers, and is answered. Comes with the first such network, for other people's
 * packets pass these two as well; once more is as good as once.
 */
export const renderSeal = ({ table, ours }: TablePlace): string[] => [
  `add chain ${table} deliver { type filter hook input priority -300; policy accept; }`,
  `flush chain ${table} deliver`,
  `add rule ${table} deliver iifname ${ours} iifname @hermetic jump welcomed`,
  `add chain ${table} confine { type filter hook forward priority -300; policy accept; }`,
  `flush chain ${table} confine`,
  `add rule ${table} confine iifname ${ours} iifname @hermetic iifname . oifname != @within counter reject with icmp type admin-prohibited`,
  `add rule ${table} confine oifname ${ours} oifname @hermetic iifname . oifname != @within counter drop`,
];
