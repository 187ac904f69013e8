import { obstacleInJob, obstacleToBridges } from '../../obstacle-to-bridges.ts';
import type { Strategy } from '../../strategy.ts';
import { netfilterLeftovers } from '../leftovers/all.ts';
import { obstacleToOwnedTables } from '../tables/owned-tables.ts';
import { tableNamesOfBridge } from '../tables/rules.ts';
import { openNetfilterRoute } from '../open-route.ts';
import { NetfilterView } from '../route.ts';
import { TableView } from '../tables/table-view.ts';
import { ChainLook } from './chain-look.ts';
import { ChainView, FoundGuard, RawGuard } from './chain-view.ts';
import { rehearseBridge } from '../rehearse.ts';
import { rehearseChains } from './rehearse.ts';
import { putIptablesRules } from './bridge.ts';
import { describeLent } from '../lent.ts';

/** Kernel DNAT by iptables, guarded by owned tables of nft where there are any: those no flush takes. */
export const iptables: Strategy = {
  name: 'iptables',
  needsPrivilege: true,
  carries: ['tcp', 'udp'],
  confines: true,
  leftovers: netfilterLeftovers,
  obstacle: (facts) =>
    obstacleToBridges(facts) ??
    obstacleInJob(facts) ??
    (facts.host.iptables === undefined
      ? { what: `no iptables on this host${describeLent(facts.host.lent)}` }
      : undefined),
  obstacleToHermetic: ({ host }) => obstacleToOwnedTables(host),
  describe: ({ host }) => `iptables ${host.iptables?.version} (${host.iptables?.variant})`,
  rehearse: async (tools) => (await rehearseBridge(tools)) ?? rehearseChains(tools),
  open: (plan, tools) => openNetfilterRoute(plan, tools, () => putIptablesRules(plan, tools)),
  attach: ({ names, probeAddress }, tools) => {
    const { bridge } = names;
    const look = new ChainLook(tools.privileges);
    const owned = new TableView(tableNamesOfBridge(bridge), bridge, tools.privileges);
    const raw = new RawGuard(bridge, look);
    const guard = tools.host.nft === undefined ? raw : new FoundGuard(owned, raw);
    return new NetfilterView(names, new ChainView(bridge, look, guard), tools, probeAddress);
  },
};
