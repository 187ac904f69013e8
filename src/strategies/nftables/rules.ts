import type { Names } from '../../plan/names.ts';
import { renderMark } from '../../plan/names.ts';
import { probeAddressOf } from '../../plan/probe-address.ts';
import { renderGuardChains } from '../guard/rules.ts';
import type { RulesPlan, Translation } from '../strategy.ts';

/*
 *  container ──▶ before (-310)  counts what comes for us            lhf_<id>, owned: gone with the process
 *            ──▶ guard  (-300)  drops whatever is written to 127/8  lhf_guard_<bridge>, stays until the bridge is gone
 *            ──▶ nat    (-101)  a local address and a named port? then 127.0.0.1:<host port>
 *            ──▶ deliver        drops what came to 127/8 in another way (source routing); in both tables, as the guard is
 */

/** The forward: an owned table that the kernel removes when its holder is gone. */
export const renderTable = ({ names, session, ports }: RulesPlan): string[] => {
  const table = `ip ${names.table}`;
  const from = `iifname "${names.bridge}" fib daddr type local`;
  // Hits are the user's: what our own proof sends is known by its hardware address.
  const theirs = `ether saddr != ${probeAddressOf(names.bridge)}`;
  // Our proof's are counted on their own, by the chain that translates them: what another rule took before it does not count.
  const ours = `ether saddr ${probeAddressOf(names.bridge)}`;
  // The guard once more, where no `flush ruleset` takes it: the one beside outlives the process, this one a firewall's reload.
  return [
    `add table ${table} { flags owner; comment "${renderMark(names.bridge, session)}"; }`,
    `add map ${table} ports { type inet_proto . inet_service : ipv4_addr . inet_service; }`,
    `add set ${table} traffic { type inet_proto . inet_service; counter; }`,
    `add set ${table} connections { type inet_proto . inet_service; counter; }`,
    `add set ${table} proofs { type inet_proto . inet_service; counter; }`,
    `add chain ${table} before { type filter hook prerouting priority -310; policy accept; }`,
    `add rule ${table} before ${from} ${theirs} meta l4proto . th dport @traffic`,
    ...renderGuardChains(table, names.bridge),
    `add chain ${table} nat { type nat hook prerouting priority -101; policy accept; }`,
    `add rule ${table} nat ${from} ${theirs} meta l4proto . th dport @connections`,
    `add rule ${table} nat ${from} ${ours} meta l4proto . th dport @proofs`,
    `add rule ${table} nat ${from} dnat ip to meta l4proto . th dport map @ports`,
    ...ports.flatMap((port) => renderAddPort(names, port)),
  ];
};

export const renderAddPort = (names: Names, port: Translation): string[] => {
  const key = renderKey(port);
  return [
    `add element ip ${names.table} traffic { ${key} }`,
    `add element ip ${names.table} connections { ${key} }`,
    `add element ip ${names.table} proofs { ${key} }`,
    `add element ip ${names.table} ports { ${key} : 127.0.0.1 . ${port.targetPort} }`,
  ];
};

export const renderRemovePort = (names: Names, port: Translation): string[] =>
  ['ports', 'proofs', 'connections', 'traffic'].map(
    (set) => `delete element ip ${names.table} ${set} { ${renderKey(port)} }`,
  );

export const renderKey = ({ protocol, containerPort }: Pick<Translation, 'protocol' | 'containerPort'>): string =>
  `${protocol} . ${containerPort}`;
