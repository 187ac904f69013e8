/* What the owned table and the guard beside it have in common: see rules.ts. */

/** Without this, `route_localnet` opens every port of 127/8 to the bridge, and lets senders pose as 127.x. */
export const renderArrival = (table: string): string[] => [
  `add set ${table} callers { type ifname . ipv4_addr; flags interval; }`,
  `add chain ${table} arrived`,
  `add rule ${table} arrived ip daddr 127.0.0.0/8 counter drop`,
  `add rule ${table} arrived ip saddr 127.0.0.0/8 counter drop`,
  // UDP services believe the source: nobody comes to this host as one of another network, or as this host, by what is for everybody neither.
  `add rule ${table} arrived fib daddr type { local, broadcast, multicast } iifname . ip saddr != @callers counter drop`,
  `add chain ${table} arrive { type filter hook prerouting priority -300; policy accept; }`,
  `add rule ${table} arrive iifname @bridges jump arrived`,
];

/**
 * Once more where packets are delivered, for a source route rewrites the destination after prerouting. Translated or not is the
 * question: what connection tracking leaves out is not, and would match no rule on a state. Translated, a source route could still lead
 * on to another address of 127/8.
 */
export const renderDelivery = (table: string): string[] => [
  `add chain ${table} delivered`,
  `add rule ${table} delivered ct status dnat ip daddr 127.0.0.1 accept`,
  `add rule ${table} delivered counter drop`,
  `add chain ${table} deliver { type filter hook input priority -300; policy accept; }`,
  `add rule ${table} deliver iifname @bridges ip daddr 127.0.0.0/8 jump delivered`,
];

/**
 * What a hermetic network's containers send goes to the forwarded ports and to each other. The one comes translated, the other leaves by
 * the bridge that it came by. This host may call its containers, and is answered.
 */
export const renderConfinement = (table: string): string[] => [
  `add set ${table} hermetic { type ifname; }`,
  `add set ${table} within { type ifname . ifname; }`,
  `add chain ${table} welcomed`,
  `add rule ${table} welcomed ct status dnat ip daddr 127.0.0.1 accept`,
  `add rule ${table} welcomed ct direction reply accept`,
  `add rule ${table} welcomed ip protocol icmp ct state related accept`,
  `add rule ${table} welcomed counter reject with icmp type admin-prohibited`,
  `add rule ${table} deliver iifname @hermetic jump welcomed`,
  `add chain ${table} confine { type filter hook forward priority -300; policy accept; }`,
  `add rule ${table} confine iifname @hermetic iifname . oifname != @within counter reject with icmp type admin-prohibited`,
  `add rule ${table} confine oifname @hermetic iifname . oifname != @within counter drop`,
];
