import { listAttached } from '../engine/containers.ts';
import { readRouteLocalnet } from '../host/kernel.ts';
import { readListeners, takesLoopback4, takesLoopback6 } from '../host/listeners.ts';
import type { ProbedPort, ProbeContext } from './context.ts';
import type { Evidence, Misdirected } from './evidence.ts';
import type { Stray } from './hops.ts';

/** What is known of a port without looking. */
export const describeUnseen = (context: ProbeContext, port: ProbedPort): Evidence => ({
  hostname: context.hostname,
  gateway: context.gateway,
  bridge: context.names.bridge,
  ownChain: context.strategy === 'iptables' ? context.names.chain : undefined,
  protocol: port.protocol,
  containerPort: port.containerPort,
  hostPort: port.hostPort,
  ended: undefined,
  engine: context.engine.facts,
  rulePresent: undefined,
  routeLocalnet: undefined,
  listeners: [],
  listening: true,
  counts: undefined,
  drops: [],
  taken: [],
  misdirected: [],
});

/** What the host tells without a packet. */
export const lookStill = async (context: ProbeContext, port: ProbedPort): Promise<Evidence> => {
  const [rulePresent, routeLocalnet, listeners] = await Promise.all([
    context.rules.isPresent(port),
    readRouteLocalnet(context.names.bridge),
    readListeners(port.hostPort, port.protocol),
  ]);
  const listening = listeners.some(port.hostAddress === '::1' ? takesLoopback6 : takesLoopback4);
  return { ...describeUnseen(context, port), rulePresent, routeLocalnet, listeners, listening };
};

/** Containers of this network that sent packets for a forwarded port by another one. */
export const findMisdirected = async (
  { engine, networkId }: ProbeContext,
  strays: readonly Stray[],
): Promise<Misdirected[]> => {
  if (strays.length === 0) return [];
  // An engine that does not answer names nobody; its failure is somebody else's finding.
  const attached = await listAttached(engine.docker, networkId).catch(() => []);
  return attached.flatMap(({ name, addresses }) =>
    strays.filter(({ from }) => addresses.includes(from)).map(({ to }) => ({ container: name, address: to })),
  );
};
