import { renderMark, type Names } from '../../plan/names.ts';

/**
 * The guard: without it `route_localnet` opens every port of 127/8 to the bridge, and lets senders pose as 127.x. This one outlives
 * the process, and goes with every `nft flush ruleset` of others.
 */
export const renderGuard = (names: Names, session: string): string[] => {
  const table = `ip ${names.guardTable}`;
  return [
    `add table ${table} { comment "${renderMark(names.bridge, session)}"; }`,
    ...renderGuardChains(table, names.bridge),
  ];
};

/** The guard once more, in a table that nobody but its holder can change: no `flush ruleset` takes it, and no firewall's reload. */
export const renderOwnedGuard = (names: Names, session: string): string[] => {
  const table = `ip ${names.table}`;
  return [
    `add table ${table} { flags owner; comment "${renderMark(names.bridge, session)}"; }`,
    ...renderGuardChains(table, names.bridge),
  ];
};

// Twice, for a source route rewrites the destination after prerouting. There is translated or not: what connection tracking leaves
// out is not, and would match no rule on a state.
export const renderGuardChains = (table: string, bridge: string): string[] => [
  `add chain ${table} pre { type filter hook prerouting priority -300; policy accept; }`,
  `add rule ${table} pre iifname "${bridge}" ip daddr 127.0.0.0/8 counter drop`,
  `add rule ${table} pre iifname "${bridge}" ip saddr 127.0.0.0/8 counter drop`,
  `add chain ${table} deliver { type filter hook input priority -300; policy accept; }`,
  `add rule ${table} deliver iifname "${bridge}" ip daddr 127.0.0.0/8 ct status dnat accept`,
  `add rule ${table} deliver iifname "${bridge}" ip daddr 127.0.0.0/8 counter drop`,
];

/** Whether a table's listing has the guard. */
export const isGuard = (listing: string): boolean =>
  ['daddr', 'saddr'].every((end) => new RegExp(String.raw`ip ${end} 127\.0\.0\.0/8 .*drop`).test(listing)) &&
  /hook input/.test(listing);
