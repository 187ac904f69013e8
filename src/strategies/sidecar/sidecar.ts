import { noteBridge } from '../held-bridges.ts';
import { relayThreadOf } from '../carrier/relay-thread.ts';
import { CarriedRoute } from '../carrier/route.ts';
import { askDesk } from '../carrier/desk.ts';
import { socketFolders } from '../carrier/folders.ts';
import { CarriedView } from '../carrier/view.ts';
import type { Obstacle, Strategy } from '../strategy.ts';
import type { Facts } from '../strategy.ts';
import { SidecarFront } from './front.ts';

/**
 * A container of ours in the network listens, and hands what comes to a thread of this process by a unix socket: nothing listens on the
 * host's own network, and no bridge of it is needed.
 */
export const sidecar: Strategy = {
  name: 'sidecar',
  needsPrivilege: false,
  carries: ['tcp', 'udp'],
  confines: true,
  leftovers: [socketFolders],
  obstacle: obstacleToMounts,
  describe: () =>
    'a container of ours in the network hands the bytes to this process, without any rights; services see 127.0.0.1 as their caller',
  open: async (plan, tools) => {
    const forget = await noteBridge(plan, tools);
    const thread = relayThreadOf(tools);
    const front = new SidecarFront({ names: plan.names, tools, thread, forget });
    return new CarriedRoute(plan, tools, front, thread);
  },
  attach: ({ names }) => new CarriedView(askDesk(names.bridge), () => undefined),
};

/** A socket can be shared with containers of this host alone. */
function obstacleToMounts({ host, engine }: Facts): Obstacle | undefined {
  if (host.platform !== 'linux') return { what: `needs Linux, and this is ${host.platform}` };
  if (engine.vm !== undefined) return { what: `${engine.vm} runs its containers in a virtual machine` };
  if (engine.remote) return { what: `the engine at ${engine.endpoint} is on another host` };
  if (engine.job !== undefined)
    return { what: "this process is in a job's container, and the engine does not see its files" };
  return undefined;
}
