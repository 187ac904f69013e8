import { obstacleInJob, obstacleToBridges } from '../../obstacle-to-bridges.ts';
import type { Strategy } from '../../strategy.ts';
import { heldTablesOf } from '../tables/held-tables.ts';
import { netfilterLeftovers } from '../leftovers/all.ts';
import { obstacleToOwnedTables } from '../tables/owned-tables.ts';
import { tableNamesOfBridge } from '../tables/rules.ts';
import { openNetfilterRoute } from '../open-route.ts';
import { obstacleOf, rehearseBridge, rehearseTables } from '../rehearse.ts';
import { NetfilterView } from '../route.ts';
import { TableView } from '../tables/table-view.ts';
import { putNftablesRules } from './bridge.ts';

/** Kernel DNAT in an owned nftables table: SIGKILL takes the rules along. */
export const nftables: Strategy = {
  name: 'nftables',
  needsPrivilege: true,
  carries: ['tcp', 'udp'],
  confines: true,
  leftovers: netfilterLeftovers,
  obstacle: (facts) => obstacleToBridges(facts) ?? obstacleInJob(facts) ?? obstacleToOwnedTables(facts.host),
  obstacleToHermetic: () => undefined,
  describe: ({ host }) =>
    `nft ${host.nft?.version} on kernel ${host.kernel}: the kernel itself removes the rules when the process ends`,
  rehearse: async (tools) => (await rehearseBridge(tools)) ?? obstacleOf(await rehearseTables(tools)),
  open: (plan, tools) =>
    openNetfilterRoute(plan, tools, () => putNftablesRules(heldTablesOf(tools), plan, tools.privileges)),
  attach: ({ names, probeAddress }, tools) => {
    const { bridge } = names;
    const view = new TableView(tableNamesOfBridge(bridge), bridge, tools.privileges);
    return new NetfilterView(names, view, tools, probeAddress);
  },
};
