import { readRouteLocalnet } from '../host/kernel.ts';
import { readListeners, takesLoopback4, takesLoopback6 } from '../host/listeners.ts';
import type { ProbedPort, ProbeContext } from './context.ts';
import type { Evidence } from './find.ts';
import { installHops, readHops, removeHops, type HopCounts } from './hops.ts';
import { openTrace, parseDrops, type Drop } from './trace.ts';

/** What the host tells without a packet. */
export const lookStill = async (context: ProbeContext, port: ProbedPort): Promise<Evidence> => {
  const { protocol, containerPort, hostPort } = port;
  const [rulePresent, routeLocalnet, listeners] = await Promise.all([
    context.rules.isPresent(port),
    readRouteLocalnet(context.names.bridge),
    readListeners(hostPort, protocol),
  ]);
  return {
    hostname: context.hostname,
    gateway: context.gateway,
    bridge: context.names.bridge,
    protocol,
    containerPort,
    hostPort,
    ended: undefined,
    engine: context.engine.facts,
    rulePresent,
    routeLocalnet,
    listeners,
    listening: listeners.some(port.hostAddress === '::1' ? takesLoopback6 : takesLoopback4),
    counts: undefined,
    drops: [],
  };
};

/** What packets tell until `over`, while a probe dials: counters at each hop, and the kernel's trace of drops. Without nft: nothing. */
export const lookAtPackets = async (context: ProbeContext, port: ProbedPort, over: () => Promise<unknown>): Promise<{ counts: HopCounts | undefined; drops: readonly Drop[] }> => {
  const { names, session, privileges } = context;
  if ((await installHops(names, session, port, privileges)) !== undefined) {
    await over();
    return { counts: undefined, drops: [] };
  }
  const remove = (): Promise<void> => removeHops(names, privileges);
  try {
    const trace = await openTrace(privileges);
    let printed = '';
    try {
      await over();
    } finally {
      printed = await trace.stop();
    }
    return { counts: await readHops(names, privileges), drops: parseDrops(printed) };
  } finally {
    await remove();
  }
};
