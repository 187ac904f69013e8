import { obstacleToBridges } from '../../obstacle-to-bridges.ts';
import type { Strategy } from '../../strategy.ts';
import { netfilterLeftovers } from '../leftovers/all.ts';

/** Kernel DNAT by iptables. */
export const iptables: Strategy = {
  name: 'iptables',
  needsPrivilege: true,
  carries: ['tcp', 'udp'],
  leftovers: netfilterLeftovers,
  obstacle: (facts) =>
    obstacleToBridges(facts) ?? (facts.host.iptables === undefined ? { what: 'no iptables on this host' } : undefined),
  describe: ({ host }) => `iptables ${host.iptables?.version} (${host.iptables?.variant})`,
  open: async () => {
    throw new Error('not yet');
  },
  attach: () => {
    throw new Error('not yet');
  },
};
