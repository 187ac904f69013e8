import { connect } from 'node:net';
import { LocalhostForwardError } from '../errors.ts';
import { readListeners, takesLoopback4, takesLoopback6, tellApart } from '../host/listeners.ts';
import { openIpv6Relay } from '../listener/ipv6-relay.ts';
import type { TcpRelay } from '../listener/tcp-relay.ts';
import { type Answering, openTemporaryListener, type TemporaryListener } from '../listener/temporary-listener.ts';
import type { PlannedPort, ResolvedOptions } from '../options/options.ts';
import type { ProbedPort } from '../proof/context.ts';
import type { PortMapping } from '../strategies/strategy.ts';
import type { ForwardedPort } from '../types.ts';

/** One forwarded port with what of ours stands on the host for it. */
export interface OpenPort {
  readonly mapping: PortMapping;
  /** What our own listener on the port answers, while there is one. */
  nonce(): string | undefined;
  /** A listener of ours elsewhere that probes are led to, while the service does not listen yet. */
  trial(): Trial | undefined;
  /** Opens that listener, where nothing of ours answers yet. */
  tryOut(): Promise<void>;
  /** The caller behind an end that a service sees, where a relay of ours is before it. */
  readonly callerBehind?: TcpRelay['callerBehind'] | undefined;
  /** Closes what of ours listens, unless the user asked to keep it. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

export interface Trial {
  readonly mapping: PortMapping;
  readonly nonce: string;
}

/**
 * Settles one port: picks a free one for 0, and puts a relay before a service on ::1. Where nothing listens yet, a listener of ours on a
 * free port answers probes: the service's own port is the service's from the first moment on.
 *
 * @throws LHF_ERR_PORT_IN_USE where the listener that was asked for cannot have its port.
 */
export const openPort = async (plan: PlannedPort, { listener, verify }: Listening): Promise<OpenPort> => {
  const wanted = listener !== false && plan.protocol === 'tcp';
  if (wanted || plan.hostPort === 0) return openListeningPort(plan, wanted ? listener : () => undefined, wanted);
  const isOnIpv6 = plan.hostAddress === '::1' || (plan.hostAddress === undefined && (await listensOnlyOnIpv6(plan)));
  const port = isOnIpv6 ? await openRelayedPort(plan) : servicePort(mappingOf(plan, plan.hostPort));
  try {
    if (verify !== false && !(await isListening(port.mapping))) await port.tryOut();
    return port;
  } catch (error) {
    await port.close();
    throw error;
  }
};

/** What of ours is to listen: nothing, or on each port what is asked for, from the container's port as it turns out. */
export interface Listening extends Pick<ResolvedOptions, 'verify'> {
  readonly listener: false | ((containerPort: () => number) => Answering | undefined);
}

/** What a user is told of a port. */
export const describePort = ({ hostPort, containerPort, protocol, hostAddress }: PortMapping): ForwardedPort =>
  Object.freeze({ hostPort, containerPort, protocol, hostAddress });

/** What a proof may find at it now. */
export const probedPortOf = (port: OpenPort): ProbedPort => {
  const trial = port.trial();
  return {
    ...port.mapping,
    nonce: trial?.nonce ?? port.nonce(),
    trialPort: trial?.mapping.targetPort,
    callerBehind: port.callerBehind,
  };
};

/** Whether a service takes what is forwarded to the port now. */
export const isListening = async ({ hostPort, protocol, hostAddress }: PortMapping): Promise<boolean> =>
  (await readListeners(hostPort, protocol)).some(hostAddress === '::1' ? takesLoopback6 : takesLoopback4);

/** A mapping for a service on 127.0.0.1 itself, as far as that can be told without a look: undefined where something of ours has to listen. */
export const expectMapping = (plan: PlannedPort): PortMapping | undefined =>
  plan.hostPort === 0 || plan.hostAddress === '::1' ? undefined : mappingOf(plan, plan.hostPort);

export const mappingOf = (plan: PlannedPort, hostPort: number): PortMapping => ({
  hostPort,
  containerPort: plan.containerPort ?? hostPort,
  protocol: plan.protocol,
  hostAddress: '127.0.0.1',
  targetPort: hostPort,
  ...(plan.hostAddress === undefined ? { eitherLoopback: true } : {}),
});

/** A port that is the user's service's, and where it is on ::1 the relay before it. */
const servicePort = (mapping: PortMapping, relay?: TcpRelay): OpenPort => {
  let ours: TemporaryListener | undefined;
  const handOver = async (): Promise<void> => {
    const trial = ours;
    ours = undefined;
    await trial?.close();
  };
  return {
    mapping,
    nonce: () => undefined,
    trial: () => ours && { mapping: { ...mapping, targetPort: ours.port }, nonce: ours.nonce },
    tryOut: async () => void (ours ??= await openTemporaryListener(0, mapping.protocol)),
    callerBehind: relay && ((end) => relay.callerBehind(end)),
    handOver,
    close: async () => void (await Promise.all([handOver(), relay?.close()])),
  };
};

/** A listener of ours on the port itself: one that was asked for stays, one on a free port keeps it for the body. */
const openListeningPort = async (
  plan: PlannedPort,
  listenerOf: Exclude<Listening['listener'], false>,
  stays: boolean,
): Promise<OpenPort> => {
  const ours = await listen(
    plan,
    listenerOf(() => mapping.containerPort),
  );
  if (ours === undefined) throw await portInUse(plan);
  let nonce: string | undefined = ours.nonce;
  const close = async (): Promise<void> => {
    nonce = undefined;
    await ours.close();
  };
  const mapping = mappingOf(plan, ours.port);
  const handOver = stays ? async (): Promise<void> => undefined : close;
  return { mapping, nonce: () => nonce, trial: () => undefined, tryOut: async () => undefined, handOver, close };
};

const listen = (plan: PlannedPort, listener: Answering | undefined): Promise<TemporaryListener | undefined> =>
  openTemporaryListener(plan.hostPort, plan.protocol, listener).catch((error: unknown) => {
    const what = `Nothing can listen on 127.0.0.1:${plan.hostPort} (${plan.protocol}): ${String(error)}`;
    throw new LocalhostForwardError('LHF_ERR_PORT_IN_USE', { what, try: 'a port above 1023' }, { cause: error });
  });

const openRelayedPort = async (plan: PlannedPort): Promise<OpenPort> => {
  if (plan.protocol === 'udp') {
    const what = `Expected \`hostAddress\` to be '127.0.0.1' for udp port ${plan.hostPort}, got '::1': only TCP services are relayed to ::1`;
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what, try: 'let the service listen on 127.0.0.1' });
  }
  const relay = await openIpv6Relay(plan.hostPort, plan.hostAddress === undefined);
  const mapping = { ...mappingOf(plan, plan.hostPort), hostAddress: '::1', targetPort: relay.port } as const;
  return servicePort(mapping, relay);
};

const listensOnlyOnIpv6 = async ({ hostPort, protocol }: PlannedPort): Promise<boolean> => {
  // A refused connection settles it in a tenth of the time that the kernel takes to list its sockets.
  return protocol !== 'udp' && (await acceptsOnIpv6(hostPort)) && isListedOnIpv6Only({ hostPort, protocol });
};

/** As the kernel's list of sockets has it: nobody is dialled. */
export const isListedOnIpv6Only = async ({
  hostPort,
  protocol,
}: Pick<PlannedPort, 'hostPort' | 'protocol'>): Promise<boolean> => {
  const listed = await readListeners(hostPort, protocol);
  if (listed.some((listener) => listener.address !== '::' && takesLoopback4(listener))) return false;
  const listeners = await tellApart(listed, { port: hostPort, protocol });
  return listeners.some(takesLoopback6) && !listeners.some(takesLoopback4);
};

const acceptsOnIpv6 = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '::1', port });
    const settle = (accepts: boolean): void => {
      socket.destroy();
      resolve(accepts);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    // A firewall may drop it.
    socket.setTimeout(1000, () => settle(false));
  });

const portInUse = async (plan: PlannedPort): Promise<LocalhostForwardError> => {
  const listeners = await readListeners(plan.hostPort, plan.protocol);
  const evidence = listeners.map(({ address, port }) => `something listens on ${address} port ${port}`);
  const what = `Port ${plan.hostPort} on 127.0.0.1 is taken, and the option \`listener\` asks for it`;
  return new LocalhostForwardError('LHF_ERR_PORT_IN_USE', {
    what,
    evidence,
    try: `ss -ltnp 'sport = :${plan.hostPort}'`,
  });
};
