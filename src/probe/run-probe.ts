import type Docker from 'dockerode';
import { setTimeout as delay } from 'node:timers/promises';
import { createAttached, removeUnstarted, type AttachedContainer } from '../engine/containers.ts';
import { describeUnavailable, statusOf } from '../engine/engine.ts';
import { ensureEmptyImage } from '../engine/images.ts';
import { messageOf } from '../engine/networks.ts';
import { readListeners, takesLoopback4 } from '../host/listeners.ts';
import { judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession } from '../ownership/owner.ts';
import { noncePath } from '../plan/nonce-path.ts';
import { labels } from '../plan/names.ts';
import { probeAddressOf } from '../plan/probe-address.ts';
import type { ProofOptions } from '../options.ts';
import type { ProbeContext, ProbedPort } from './context.ts';
import { readNodeMounts } from './node-mounts.ts';
import { isEnd, probeProgram, type DialOrder, type ProbeEvent, type ProbeOrder } from './program.ts';
import { witness, type Arrival } from './witness.ts';

export const keyOfPort = ({ protocol, containerPort }: ProbedPort): string => `${protocol}/${containerPort}`;

/** A UDP service of the user's is never written to, and there is no other way to ask one. */
export const isDialled = ({ protocol, nonce }: ProbedPort): boolean => protocol === 'tcp' || nonce !== undefined;

/** What the last thing that a probe said of a port means. */
export const readEnd = (
  event: ProbeEvent | undefined,
  port?: Pick<ProbedPort, 'hostAddress'>,
  still?: { readonly listening: boolean },
): Exclude<ProbeEvent['event'], 'quiet'> | undefined => {
  // A relay accepts for a service that may be absent.
  if (event?.event === 'accepted' && port?.hostAddress === '::1' && still?.listening === false) return 'refused';
  return event?.event === 'quiet' ? 'timeout' : event?.event;
};

/** What a probe said, and where its connection arrived, if it was accepted. */
export interface ProbeAnswer extends ProbeEvent {
  readonly arrival?: Arrival;
}

/** Whether somebody took the connection, of whom nothing is known yet. */
const isAnswered = ({ event }: ProbeEvent): boolean => event === 'accepted' || event === 'foreign';

/** How much longer than its dialling a probe may take for all the rest, in milliseconds. */
const graceMs = 15_000;

/** What happens around a probe while nobody else can have one on the bridge. */
export interface ProbeHooks {
  /** The container is there and does not run yet. */
  created?(): Promise<void>;
  /** It said all it had to say, and is about to go; also where it failed. */
  ended?(): Promise<void>;
}

/**
 * Starts a container on the forward's network that dials the given ports, and yields what it says until it is done.
 * The container is gone or going when the iteration ends, however it ends.
 *
 * @throws ProbeFailed where the container could not say anything.
 */
export async function* runProbe(
  context: ProbeContext,
  ports: readonly ProbedPort[],
  proof: ProofOptions,
  signal: AbortSignal,
  hooks: ProbeHooks = {},
): AsyncGenerator<ProbeAnswer> {
  const container = await create(context, proof, signal);
  const stop = (): void => void container.remove().catch(() => undefined);
  // One that hangs is not waited for: its own deadline has passed long before.
  const over = AbortSignal.any([signal, AbortSignal.timeout(proof.timeoutMs + graceMs)]);
  over.addEventListener('abort', stop, { once: true });
  let said = 0;
  try {
    await hooks.created?.();
    if (over.aborted) return;
    const tell = (order: ProbeOrder): void => container.send(JSON.stringify(order));
    const readProofs = () => context.rules.proofs();
    // It dials when it is told to, so what our rules count from now on is its own: nobody else has a probe on this bridge.
    const [before, listening] = await Promise.all([
      readProofs(),
      Promise.all(ports.map(isListening)),
      container.start(),
    ]);
    tell(renderOrder(context, ports, proof, listening));
    const pending = new Map(ports.map((port) => [keyOfPort(port), port]));
    for await (const line of container.lines) {
      const event = parseEvent(line);
      if (event === undefined) continue;
      said += 1;
      const port = pending.get(event.key);
      if (port !== undefined && isAnswered(event)) {
        const arrival = await witness(port, event.from, before.get(event.key), readProofs);
        tell({ order: 'release', key: event.key });
        yield { ...event, arrival };
      } else yield event;
      if (isEnd(event)) pending.delete(event.key);
      if (pending.size === 0) break;
    }
    if (said === 0 && !signal.aborted)
      throw new ProbeFailed({ what: container.stderr().trim() || 'the probe ended without a word' });
  } catch (error) {
    throw error instanceof ProbeFailed || signal.aborted ? error : probeFailed(context, error);
  } finally {
    over.removeEventListener('abort', stop);
    await hooks.ended?.().catch(() => undefined);
    // The result need not wait for the removal; closing the network does, and tries again what failed.
    const removal = container.remove().then(
      () => true,
      () => false,
    );
    context.onAdded('the probe container', async () => void ((await removal) || (await container.remove())));
  }
}

/** The probe itself did not work: that tells nothing of the forward. */
export class ProbeFailed extends Error {
  readonly advice: string | undefined;

  constructor({ what, try: advice }: { what: string; try?: string }, cause?: unknown) {
    super(what, { cause });
    this.advice = advice;
  }
}

const probeFailed = ({ engine }: ProbeContext, error: unknown): ProbeFailed => {
  const what = messageOf(error);
  const image = /^No such image: (\S+)$/i.exec(what)?.[1];
  if (image !== undefined) return new ProbeFailed({ what, try: `docker pull ${image}` }, error);
  if (/no space left/i.test(what)) return new ProbeFailed({ what, try: 'docker system df' }, error);
  return new ProbeFailed(
    statusOf(error) === undefined ? describeUnavailable(error, engine.facts.endpoint) : { what },
    error,
  );
};

/** When a name is taken for so long, whoever took it may be dead, in milliseconds. */
const stuckAfterMs = 1_000;

const create = async (context: ProbeContext, proof: ProofOptions, signal: AbortSignal): Promise<AttachedContainer> => {
  const { docker } = context.engine;
  try {
    const [image, mounts] = await Promise.all([
      proof.image ?? ensureEmptyImage(docker),
      proof.image === undefined ? readNodeMounts() : [],
    ]);
    const options = renderContainer(context, proof.timeoutMs + graceMs, image, mounts);
    const startedAt = performance.now();
    for (;;) {
      signal.throwIfAborted();
      try {
        return await createAttached(docker, options);
      } catch (error) {
        // Its name is the lock: one probe at a time on a bridge, whichever process asks.
        const waited = performance.now() - startedAt;
        if (statusOf(error) === undefined) await removeUnanswered(context, options.Labels ?? {});
        if (statusOf(error) !== 409 || waited > proof.timeoutMs + 10_000) throw error;
        if (waited > stuckAfterMs)
          await removeUnstarted(docker, context.names.probe('0'), isOfTheDead).catch(() => undefined);
        await delay(20);
      }
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw probeFailed(context, error);
  }
};

/** The engine may have created it, and may still be about to: looked for now, and again at the end. */
const removeUnanswered = async (context: ProbeContext, ours: Readonly<Record<string, string>>): Promise<void> => {
  const isOurs = (marks: Readonly<Record<string, string>>): boolean =>
    marks[labels.session] === ours[labels.session] && marks[labels.created] === ours[labels.created];
  const remove = (): Promise<void> => removeUnstarted(context.engine.docker, context.names.probe('0'), isOurs);
  context.onAdded('a probe container that the engine may have created', remove);
  await remove().catch(() => undefined);
};

const isOfTheDead = (marks: Readonly<Record<string, string>>): boolean => {
  const owner = parseSession(marks[labels.session] ?? '');
  return owner !== undefined && judgeOwner(owner).state === 'dead';
};

const isListening = async ({ nonce, targetPort, protocol }: ProbedPort): Promise<boolean> =>
  nonce !== undefined || (await readListeners(targetPort, protocol)).some(takesLoopback4);

const renderContainer = (
  context: ProbeContext,
  lifeMs: number,
  image: string,
  mounts: readonly string[],
): Docker.ContainerCreateOptions => ({
  name: context.names.probe('0'),
  Image: image,
  Entrypoint: [mounts.length === 0 ? 'node' : process.execPath, '-e', probeProgram],
  Cmd: [String(lifeMs)],
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
    // Whoever started it may be killed: its input ends then, and it with that, or by its own deadline at the latest.
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

const renderOrder = (
  { hostname }: ProbeContext,
  ports: readonly ProbedPort[],
  { timeoutMs }: ProofOptions,
  listening: readonly boolean[],
): DialOrder => ({
  order: 'dial',
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
