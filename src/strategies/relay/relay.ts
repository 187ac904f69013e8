import { noteBridge } from '../held-bridges.ts';
import { relayThreadOf } from '../carrier/relay-thread.ts';
import { CarriedRoute } from '../carrier/route.ts';
import { askDesk } from '../carrier/desk.ts';
import { socketFolders } from '../carrier/folders.ts';
import { CarriedView } from '../carrier/view.ts';
import { frontOf } from './front.ts';
import { obstacleToBridges } from '../obstacle-to-bridges.ts';
import type { Strategy } from '../strategy.ts';

/** A thread of ours listens on the network's own gateway and carries bytes to the host's loopback: it takes no rights at all. */
export const relay: Strategy = {
  name: 'relay',
  needsPrivilege: false,
  carries: ['tcp', 'udp'],
  confines: true,
  leftovers: [socketFolders],
  obstacle: (facts) =>
    obstacleToBridges(facts) ??
    (facts.engine.job?.network === 'none'
      ? { what: 'this process is in a container with network none, to which no network can be added' }
      : undefined),
  describe: ({ engine: { job } }) =>
    `${job?.network === 'own' ? "on this job's container, for its own loopback: " : ''}this process carries the bytes itself, without any rights; services see 127.0.0.1 as their caller`,
  /** Begins without a socket: there is nothing to listen on before the network is there. */
  open: async (plan, tools) => {
    const front = frontOf(tools, await noteBridge(plan, tools));
    return new CarriedRoute(plan, tools, front, relayThreadOf(tools));
  },
  attach: ({ names, gateway }) =>
    new CarriedView(askDesk(names.bridge), ({ containerPort }) => ({ address: gateway, port: containerPort })),
};
