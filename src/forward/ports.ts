import { connect } from 'node:net';
import { LocalhostForwardError } from '../errors.ts';
import { readListeners, takesLoopback4, takesLoopback6 } from '../host/listeners.ts';
import { openIpv6Relay } from '../listener/ipv6-relay.ts';
import { openTemporaryListener, type TemporaryListener } from '../listener/temporary-listener.ts';
import type { PlannedPort, ResolvedOptions } from '../options/options.ts';
import type { ProbedPort } from '../proof/context.ts';

/** One forwarded port with what of ours stands on the host for it. */
export interface OpenPort {
  readonly port: ProbedPort;
  /** Closes the temporary listener, if there is one and the user did not ask to keep it. */
  handOver(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Settles one port: picks a free one for 0, puts a temporary listener where nothing listens yet, and a relay before ::1.
 *
 * @throws LHF_ERR_PORT_IN_USE where the listener that was asked for cannot have its port.
 */
export const openPort = async (
  plan: PlannedPort,
  { listener, verify }: Pick<ResolvedOptions, 'listener' | 'verify'>,
): Promise<OpenPort> => {
  const { protocol } = plan;
  if (plan.hostAddress === '::1' || (plan.hostAddress === undefined && (await listensOnlyOnIpv6(plan))))
    return openRelayedPort(plan);
  const wanted = listener !== false && protocol === 'tcp';
  const ours = wanted || plan.hostPort === 0 || verify !== false ? await listen(plan, listener) : undefined;
  if (wanted && ours === undefined) throw await portInUse(plan);
  const hostPort = ours?.port ?? plan.hostPort;
  let nonce = ours?.nonce;
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    nonce = undefined;
    await (closing ??= ours?.close());
  };
  const port = {
    hostPort,
    containerPort: plan.containerPort ?? hostPort,
    protocol,
    hostAddress: '127.0.0.1',
    targetPort: hostPort,
    get nonce() {
      return nonce;
    },
  } as const;
  return { port, handOver: wanted ? async () => undefined : close, close };
};

/** What a user is told of a port. */
export const describePort = ({ hostPort, containerPort, protocol, hostAddress }: ProbedPort) =>
  Object.freeze({ hostPort, containerPort, protocol, hostAddress });

const listen = (plan: PlannedPort, listener: ResolvedOptions['listener']): Promise<TemporaryListener | undefined> =>
  openTemporaryListener(plan.hostPort, plan.protocol, typeof listener === 'function' ? listener : undefined).catch(
    (error: unknown) => {
      const what = `Nothing can listen on 127.0.0.1:${plan.hostPort} (${plan.protocol}): ${String(error)}`;
      throw new LocalhostForwardError(
        'LHF_ERR_PORT_IN_USE',
        { what, try: 'a port above 1023, or 0 for a free one' },
        { cause: error },
      );
    },
  );

const openRelayedPort = async (plan: PlannedPort): Promise<OpenPort> => {
  if (plan.protocol === 'udp' || plan.hostPort === 0) {
    const what = `Expected \`hostAddress\` to be '127.0.0.1' for ${plan.hostPort === 0 ? 'port 0' : `udp port ${plan.hostPort}`}, got '::1': only TCP services that have a port are relayed to ::1`;
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what, try: 'let the service listen on 127.0.0.1' });
  }
  const relay = await openIpv6Relay(plan.hostPort);
  const { hostPort, protocol } = plan;
  const port = {
    hostPort,
    containerPort: plan.containerPort ?? hostPort,
    protocol,
    hostAddress: '::1',
    targetPort: relay.port,
    nonce: undefined,
  } as const;
  return { port, handOver: async () => undefined, close: () => relay.close() };
};

const listensOnlyOnIpv6 = async ({ hostPort, protocol }: PlannedPort): Promise<boolean> => {
  // A refused connection settles it in a tenth of the time that the kernel takes to list its sockets.
  if (hostPort === 0 || protocol === 'udp' || !(await acceptsOnIpv6(hostPort))) return false;
  const listeners = await readListeners(hostPort, protocol);
  return listeners.some(takesLoopback6) && !listeners.some(takesLoopback4);
};

const acceptsOnIpv6 = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '::1', port, signal: AbortSignal.timeout(1000) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
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
