import type { CutMode } from '../../../faults.ts';
import type { Protocol } from '../../../types.ts';

/** Whose packet it is. */
export const callerOf = 'iifname . ip saddr . th sport . th dport';

/** How long a caller may go on sending one and the same SYN, in seconds: Linux gives up after 127. */
const patienceS = 130;

/*
 * What meets a port that is cut, on its way in and back. An attempt is one however often its SYN is sent, so who was dropped is remembered
 * until he gives up. To be reset after it was accepted, a SYN is let through, and what follows is reset; that is remembered, too, for the
 * service says once more that it accepts. What a service says on a connection that is over is not for the caller's program: with a
 * sequence number out of its window the caller's kernel answers, and that is reset.
 */
export const renderCuts = (table: string, key: string): string[] => [
  ...['dropped', 'spoiled'].map(
    (set) =>
      `add set ${table} ${set} { type ifname . ipv4_addr . inet_service . inet_service; size 65535; flags dynamic, timeout; timeout ${patienceS}s; }`,
  ),
  `add chain ${table} prod`,
  `add rule ${table} prod tcp flags & (syn | rst) == 0 tcp sequence set 0 accept`,
  `add rule ${table} prod tcp flags & rst == rst accept`,
  `add rule ${table} prod counter drop`,
  `add chain ${table} cut_refuse`,
  `add rule ${table} cut_refuse ct direction reply goto prod`,
  // The caller's own reset is for the service.
  `add rule ${table} cut_refuse tcp flags & rst == rst accept`,
  `add rule ${table} cut_refuse iifname . ip saddr != @probes ct state new ${key} @attempts`,
  `add rule ${table} cut_refuse meta l4proto tcp counter reject with tcp reset`,
  `add rule ${table} cut_refuse counter reject with icmp type port-unreachable`,
  `add chain ${table} cut_reset`,
  `add rule ${table} cut_reset ct direction reply tcp flags & (syn | ack) == syn | ack accept`,
  `add rule ${table} cut_reset ct direction reply goto prod`,
  `add rule ${table} cut_reset tcp flags & rst == rst accept`,
  `add rule ${table} cut_reset ct state new accept`,
  `add rule ${table} cut_reset update @spoiled { ${callerOf} }`,
  `add rule ${table} cut_reset counter reject with tcp reset`,
  `add chain ${table} cut_drop`,
  `add rule ${table} cut_drop ct direction original ct state new ${callerOf} != @dropped iifname . ip saddr != @probes ${key} @attempts`,
  `add rule ${table} cut_drop ct direction original ct state new update @dropped { ${callerOf} }`,
  `add rule ${table} cut_drop counter drop`,
];

/** UDP knows no reset. */
export const cutChainOf = (protocol: Protocol, cut: CutMode): string =>
  `cut_${protocol === 'udp' && cut === 'reset' ? 'refuse' : cut}`;
