import { obstacleToBridges } from '../../obstacle-to-bridges.ts';
import type { Strategy } from '../../strategy.ts';
import { heldTablesOf } from '../held-tables.ts';
import { obstacleToOwnedTables } from '../owned-tables.ts';
import { processTablesOfBridge } from '../process-rules.ts';
import { NetfilterRoute, NetfilterView } from '../route.ts';
import { TableView } from '../table-view.ts';
import { putNftablesRules } from './rules.ts';

/** Kernel DNAT in an owned nftables table: SIGKILL takes the rules along. */
export const nftables: Strategy = {
  name: 'nftables',
  needsPrivilege: true,
  carries: ['tcp', 'udp'],
  obstacle: (facts) => obstacleToBridges(facts) ?? obstacleToOwnedTables(facts.host),
  describe: ({ host }) =>
    `nft ${host.nft?.version} on kernel ${host.kernel}: the kernel itself removes the rules when the process ends`,
  open: async ({ names, ports }, tools) => {
    const tables = heldTablesOf(tools);
    return new NetfilterRoute(names.bridge, await putNftablesRules(tables, names.bridge, ports, tools.privileges), tools);
  },
  attach: ({ bridge }, { privileges }) =>
    new NetfilterView(bridge, new TableView(processTablesOfBridge(bridge), bridge, privileges)),
};
