import { listAttached } from '../engine/containers.ts';
import { accepts, readListeners, takesLoopback4, takesLoopback6, tellApart, type Listener } from '../host/listeners.ts';
import type { ProbedPort, ProofContext } from './context.ts';
import { hasFirewalld } from '../host/kernel.ts';
import { readForwardNetworks } from '../host/routes.ts';
import { listOwnPorts } from '../host/sockets.ts';
import { findDetours } from './find-detours.ts';
import type { Evidence, Misdirected } from './evidence.ts';
import type { Stray } from '../strategies/packets.ts';

/** What is known of a port without looking. */
export const describeUnseen = (context: ProofContext, port: ProbedPort, { engine } = context.tools): Evidence => ({
  hostname: context.hostname,
  gateway: context.address,
  bridge: context.names.bridge,
  subnet: context.network.subnet,
  ownChain: context.strategy === 'iptables' ? context.names.chain : undefined,
  protocol: port.protocol,
  containerPort: port.containerPort,
  hostPort: port.hostPort,
  hostAddress: port.hostAddress,
  cut: port.cut,
  cutBy: port.cutBy,
  ended: undefined,
  engine: context.route.isOfHost === false ? { ...engine.facts, remote: false, rootless: false } : engine.facts,
  isRootlessOwn: context.route.beacon !== undefined && engine.facts.rootless,
  rulePresent: undefined,
  routeLocalnet: undefined,
  listeners: [],
  listening: true,
  relayed:
    context.route.isRelay ||
    port.hostAddress === '::1' ||
    (context.route.beacon !== undefined && port.nonce === undefined),
  counts: undefined,
  drops: [],
  taken: [],
  misdirected: [],
});

/** What the host tells without a packet. */
export const lookStill = async (context: ProofContext, port: ProbedPort): Promise<Evidence> => {
  const [{ isPresent, unseen, lost, routeLocalnet }, listeners, detours] = await Promise.all([
    context.route.inspect(port),
    listListeners(context, port),
    // Which way answers take on another host, nothing here tells.
    context.route.isOfHost === false ? {} : findDetours(context),
  ]);
  // Rules of the kernel's lead to one address: what is behind that can take the other where it is a relay of ours.
  const takesEither = port.eitherLoopback === true && (context.route.isRelay || port.hostAddress === '::1');
  const [takesNamed, takesOther] =
    port.hostAddress === '::1' ? [takesLoopback6, takesLoopback4] : [takesLoopback4, takesLoopback6];
  // What a relay sends comes by the loopback itself.
  const device = context.route.isRelay || port.hostAddress === '::1' ? 'lo' : context.names.bridge;
  const takes = (listener: Listener): boolean =>
    (listener.device === undefined || listener.device === device) &&
    (takesNamed(listener) || (takesEither && takesOther(listener)));
  const listening = port.trialPort !== undefined || listeners.some(takes);
  // Asked of the list again after it: a service may have come meanwhile.
  const isLedOn =
    listeners.length === 0 &&
    device !== 'lo' &&
    port.protocol === 'tcp' &&
    (await accepts(port.hostAddress, port.hostPort)) &&
    (await listListeners(context, port)).length === 0;
  const ownPorts = listeners.length === 0 && port.protocol === 'tcp' ? await listOwnPorts() : [];
  return {
    ...describeUnseen(context, port),
    rulePresent: isPresent,
    unseen,
    lost,
    routeLocalnet,
    listeners,
    listening,
    isLedOn,
    ownPorts,
    ...detours,
    front: frontOf(context),
  };
};

const frontOf = ({ strategy, address, network }: ProofContext): Evidence['front'] => {
  if (strategy === 'sidecar') return { at: 'sidecar' };
  return strategy === 'relay' && address === network.gateway ? { at: 'gateway', firewalld: hasFirewalld() } : undefined;
};

/** Who listens on the service's port: a relay, this forward's or another's, is no service. */
const listListeners = async (
  { address, route, tools }: Pick<ProofContext, 'address' | 'route' | 'tools'>,
  { hostPort: port, protocol }: ProbedPort,
): Promise<Listener[]> => {
  const listeners = await readListeners(port, protocol);
  if (listeners.length === 0) return [];
  const isOfForward = await readForwardNetworks();
  // In a job's container no bridge tells which network is a forward's: there a relay listens on an address of the container's.
  const relays = route.isRelay ? [address, ...Array.from(tools.session.open.values(), ({ gateway }) => gateway)] : [];
  return tellApart(
    listeners.filter((listener) => !isOfForward(listener.address) && !relays.includes(listener.address)),
    { port, protocol },
  );
};

/** Containers of this network that sent packets for a forwarded port by another one. */
export const findMisdirected = async (
  { tools, network }: ProofContext,
  strays: readonly Stray[],
): Promise<Misdirected[]> => {
  if (strays.length === 0) return [];
  // An engine that does not answer names nobody; its failure is somebody else's finding.
  const attached = await listAttached(tools.engine.docker, network.id).catch(() => []);
  return attached.flatMap(({ name, addresses }) =>
    strays.filter(({ from }) => addresses.includes(from)).map(({ to }) => ({ container: name, address: to })),
  );
};
