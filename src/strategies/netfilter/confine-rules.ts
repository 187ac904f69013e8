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
