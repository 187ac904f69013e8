import type Docker from 'dockerode';
import { setTimeout as delay } from 'node:timers/promises';
import { startAttached, type AttachedContainer } from '../engine/containers.ts';
import { statusOf } from '../engine/engine.ts';
import { ensureEmptyImage } from '../engine/images.ts';
import { messageOf } from '../engine/networks.ts';
import { readListeners, takesLoopback4 } from '../host/listeners.ts';
import { noncePath } from '../plan/nonce-path.ts';
import { labels } from '../plan/names.ts';
import { probeAddressOf } from '../plan/probe-address.ts';
import type { ProofOptions } from '../options.ts';
import type { ProbeContext, ProbedPort } from './context.ts';
import { readNodeMounts } from './node-mounts.ts';
import { probeProgram, type ProbeEvent, type ProbeOrder } from './program.ts';

export const keyOfPort = ({ protocol, containerPort }: ProbedPort): string => `${protocol}/${containerPort}`;

/**
 * Starts a container on the forward's network that dials the given ports, and yields what it says until it is done.
 * The container is gone or going when the iteration ends, however it ends.
 *
 * @throws ProbeFailed where the container could not say anything.
 */
export async function* runProbe(context: ProbeContext, ports: readonly ProbedPort[], proof: ProofOptions, signal?: AbortSignal): AsyncGenerator<ProbeEvent> {
  const container = await start(context, ports, proof, signal);
  const stop = (): void => void container.remove().catch(() => undefined);
  signal?.addEventListener('abort', stop, { once: true });
  // One that hangs is not waited for: its own deadline has passed long before.
  const limit = AbortSignal.timeout(proof.timeoutMs + 15_000);
  limit.addEventListener('abort', stop, { once: true });
  let said = 0;
  try {
    for await (const line of container.lines) {
      const event = parseEvent(line);
      if (event === undefined) continue;
      said += 1;
      yield event;
    }
    if (said === 0 && signal?.aborted !== true) throw new ProbeFailed(container.stderr().trim() || 'the probe ended without a word');
  } finally {
    signal?.removeEventListener('abort', stop);
    limit.removeEventListener('abort', stop);
    // The result need not wait for the removal; closing the network does.
    const removal = container.remove();
    removal.catch(() => undefined);
    context.onAdded('the probe container', () => removal);
  }
}

/** The probe itself did not work: that tells nothing of the forward. */
export class ProbeFailed extends Error {}

const start = async (context: ProbeContext, ports: readonly ProbedPort[], proof: ProofOptions, signal?: AbortSignal): Promise<AttachedContainer> => {
  const { docker } = context.engine;
  try {
    const [image, mounts, listening] = await Promise.all([
      proof.image ?? ensureEmptyImage(docker),
      proof.image === undefined ? readNodeMounts() : [],
      Promise.all(ports.map(isListening)),
    ]);
    const options = renderContainer(context, renderOrder(context, ports, proof, listening), image, mounts);
    const deadline = Date.now() + proof.timeoutMs + 10_000;
    for (;;) {
      signal?.throwIfAborted();
      try {
        return await startAttached(docker, options);
      } catch (error) {
        // Its name is the lock: one probe at a time on a bridge, whichever process asks.
        if (statusOf(error) !== 409 || Date.now() > deadline) throw error;
        await delay(20);
      }
    }
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ProbeFailed(messageOf(error), { cause: error });
  }
};

const isListening = async ({ nonce, targetPort, protocol }: ProbedPort): Promise<boolean> =>
  nonce !== undefined || (await readListeners(targetPort, protocol)).some(takesLoopback4);

const renderContainer = (context: ProbeContext, order: ProbeOrder, image: string, mounts: readonly string[]): Docker.ContainerCreateOptions => ({
  name: context.names.probe('0'),
  Image: image,
  Entrypoint: [mounts.length === 0 ? 'node' : process.execPath, '-e', probeProgram],
  Cmd: [JSON.stringify(order)],
  User: '65534:65534',
  WorkingDir: '/',
  Env: ['NODE_OPTIONS='],
  MacAddress: probeAddressOf(context.names.bridge),
  Labels: {
    [labels.session]: context.session,
    [labels.owner]: String(process.pid),
    [labels.created]: new Date().toISOString(),
    [labels.bridge]: context.names.bridge,
  },
  StopTimeout: 0,
  HostConfig: {
    // Whoever started it may be killed before it ends, by its own deadline at the latest.
    AutoRemove: true,
    // By name: given an id, some engines do not set the hardware address.
    NetworkMode: context.names.network,
    ExtraHosts: [`${context.hostname}:${context.gateway}`],
    Binds: [...mounts],
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    ReadonlyRootfs: true,
    LogConfig: { Type: 'none', Config: {} },
  },
});

const renderOrder = ({ hostname }: ProbeContext, ports: readonly ProbedPort[], { timeoutMs }: ProofOptions, listening: readonly boolean[]): ProbeOrder => ({
  hostname,
  timeoutMs,
  targets: ports.map((port, n) => ({
    insist: listening[n] === true,
    key: keyOfPort(port),
    protocol: port.protocol,
    port: port.containerPort,
    ...(port.nonce === undefined ? {} : { nonce: port.nonce, path: noncePath(port.nonce) }),
  })),
});

const parseEvent = (line: string): ProbeEvent | undefined => {
  try {
    return JSON.parse(line) as ProbeEvent;
  } catch {
    return undefined;
  }
};
