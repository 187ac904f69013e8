import type { LeftoverKind } from '../../leftover-kind.ts';
import { nftAccepts } from './accepts.ts';
import { iptablesAccepts, iptablesGuards, iptablesRules } from './iptables.ts';
import { openBridges } from './open-bridges.ts';
import { guardTables, heldTables, hopsTables } from './own-tables.ts';

/** What netfilter's strategies can leave: either of them guards by nft where it can, and passes firewalls by whichever program wrote them. */
export const netfilterLeftovers: readonly LeftoverKind[] = [
  openBridges,
  heldTables,
  hopsTables,
  nftAccepts,
  iptablesRules,
  iptablesAccepts,
  guardTables,
  iptablesGuards,
];
