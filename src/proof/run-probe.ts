import { AbortSignal } from '../abort.ts';
import { now, whenHeard } from '../clock.ts';
import { AddressTaken, findPublisher } from '../engine/containers.ts';
import { findHolder, isProbe } from './address-holder.ts';
import { describeUnavailable } from '../engine/unavailable.ts';
import { describeHelperRefusal } from '../engine/helper-container.ts';
import type { EngineFacts } from '../engine/facts.ts';
import { isLocalhostForwardError, textOf } from '../errors.ts';
import { untilBridgePasses } from '../host/bridge-ports.ts';
import type { HostFacts } from '../host/facts.ts';
import { readListeners, takesLoopback4 } from '../host/listeners.ts';
import { listProxies, type ToldSocket } from '../host/transparent.ts';
import { noncePath } from '../listener/nonce-path.ts';
import { roomIn } from '../network/subnet.ts';
import type { ProofOptions } from '../options/options.ts';
import type { Proofs } from '../strategies/strategy.ts';
import type { ProbedPort, ProofContext } from './context.ts';
import { isEnd, type DialOrder, type ProbeEvent } from './protocol.ts';
import type { Visit } from './staying-probe.ts';
import type { RouteView } from '../strategies/strategy.ts';
import { readProofs, wasCarried, witness, type Arrival } from './witness.ts';

export const keyOfPort = ({ protocol, containerPort }: ProbedPort): string => `${protocol}/${containerPort}`;

/** What the last thing that a probe said of a port means. */
export const readEnd = (
  event: ProbeAnswer | undefined,
  still?: { readonly listening: boolean; readonly relayed: boolean },
): Exclude<ProbeEvent['event'], 'quiet'> | undefined => {
  // A relay accepts, and a beacon answers, for a service that may be absent. What it has carried on was let in, whoever listens.
  if (wasCarried(event?.arrival)) return event?.event === 'quiet' ? 'timeout' : event?.event;
  if ((event?.event === 'accepted' || event?.event === 'nonce') && still?.relayed === true && !still.listening)
    return 'refused';
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

/** For how long a listing of transparent listeners is gone by, in milliseconds. */
const listedForMs = 1_000;

const unproven: Proofs = { packets: 0, targetPort: 0 };

/** What happens around a probe while nobody else can have one on the bridge. */
export interface ProbeHooks {
  /** Whether no probe was ever there: then our rules have counted nothing yet. Default: they are asked. */
  readonly isFirst?: boolean;
  /** It is there and does not dial yet. */
  arrived?(): Promise<void>;
  /** Somebody took in what it dialled, and where that arrived is about to be looked at. */
  answered?(key: string): void;
  /** It said all it had to say, and is about to leave; also where it failed. */
  leaving?(): Promise<void>;
}

/**
 * Sends the session's probe to the forward's network, where it dials the given ports, and yields what it says until it is done.
 * It leaves when the iteration ends, however that ends.
 *
 * @throws ProbeFailed where it could not say anything.
 */
export async function* runProbe(
  context: ProofContext,
  ports: readonly ProbedPort[],
  proof: ProofOptions,
  signal: AbortSignal,
  hooks: ProbeHooks = {},
): AsyncGenerator<ProbeAnswer> {
  // One that hangs is not waited for: its own deadline has passed long before.
  const late = AbortSignal.timeout(proof.timeoutMs + graceMs);
  const over = AbortSignal.any([signal, late]);
  const askedAt = now();
  const arriving = arrive(context, proof, signal, over);
  // When the engine has been asked, and is at work: to start a program stops this process for milliseconds.
  const listing = new Promise<ToldSocket[]>((resolve) => whenHeard(() => resolve(listProxies())));
  const visit = await arriving;
  const end = (): void => visit.end();
  let said = 0;
  try {
    const [listening, proxies] = await Promise.all([
      Promise.all(ports.map(isListening)),
      // Listed again where they had the time to change.
      now() - askedAt > listedForMs ? listProxies() : listing,
      untilBridgePasses(context.names.bridge, over),
    ]);
    await hooks.arrived?.();
    if (signal.aborted) return;
    // Nothing was dialled: that no packet came tells nothing.
    if (over.aborted) throw new ProbeFailed({ what: 'the probe was not ready to dial in time' });
    // What our rules count from now on is its own: nobody else has a probe on this bridge.
    const before = hooks.isFirst === true ? undefined : await readProofs(context.route);
    const pending = new Map(ports.map((port) => [keyOfPort(port), port]));
    const events = visit.dial(renderOrder(ports, proof, listening, context.route.beacon));
    over.addEventListener('abort', end, { once: true });
    if (signal.aborted) return;
    if (over.aborted) throw new ProbeFailed({ what: describeSilence(visit, late) });
    for await (const event of events) {
      said += 1;
      const port = pending.get(event.key);
      if (port !== undefined && isAnswered(event)) {
        hooks.answered?.(event.key);
        const arrival = await witness(port, event.from, context.route, {
          before: before === undefined ? unproven : before.get(event.key),
          proxies,
          findPublisher: () => findPublisher(context.tools.engine.docker, port.hostPort).catch(() => undefined),
        });
        visit.release(event.key);
        yield { ...event, arrival };
      } else yield event;
      if (isEnd(event)) pending.delete(event.key);
      if (pending.size === 0) break;
    }
    if (said === 0 && !signal.aborted) throw new ProbeFailed({ what: describeSilence(visit, late) });
  } catch (error) {
    throw error instanceof ProbeFailed || signal.aborted ? error : await probeFailed(context, error);
  } finally {
    over.removeEventListener('abort', end);
    await hooks.leaving?.().catch(() => undefined);
    // The result need not wait for that; closing the forward does.
    visit.end();
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

const arrive = async (
  context: ProofContext,
  { image }: ProofOptions,
  signal: AbortSignal,
  over: AbortSignal,
): Promise<Visit> => {
  const { tools, network, hostnames, address, probe } = context;
  const { engine, host } = tools;
  // The host's own node can be mounted by an engine of this host alone.
  if (image === undefined && !runsProgramsOf(host, engine.facts))
    throw new ProbeFailed({
      what: `${engine.facts.vm ?? `the engine at ${engine.facts.endpoint}`} cannot run this machine's node, so the probe needs an image with one`,
      try: 'export LOCALHOST_FORWARD_PROBE_IMAGE=node:24-alpine',
    });
  try {
    return await probe.visit({ docker: tools.engine.docker, network, hostnames, address, image }, over);
  } catch (error) {
    throw signal.aborted ? error : await probeFailed(context, error);
  }
};

const runsProgramsOf = ({ platform }: HostFacts, { vm, remote }: EngineFacts): boolean =>
  platform === 'linux' && vm === undefined && !remote;

const describeSilence = (visit: Visit, late: AbortSignal): string =>
  visit.complaint() || (late.aborted ? 'the probe did not say anything in time' : 'the probe ended without a word');

const probeFailed = async ({ tools: { engine }, network }: ProofContext, error: unknown): Promise<ProbeFailed> => {
  if (error instanceof AddressTaken) {
    const holder = await findHolder({ docker: engine.docker, network });
    if (holder !== undefined && isProbe(holder)) {
      const text = {
        what: `another process's probe, ${holder.name}, was on ${network.name} all the while: a process that blocks its thread for a command, as execFileSync() does, cannot take its own away`,
        try: 'await spawn() or execFile() in the process that opened the forward',
      };
      return new ProbeFailed(text, error);
    }
    const who = holder === undefined ? 'something else' : `the container ${holder.name}`;
    const what = `${who} has ${network.probeAddress}, the address that probes have on ${network.name}, and its calls are no hits: beside it ${network.subnet} has room for ${roomIn(network.subnet)} containers, and a larger \`subnet\` for more`;
    return new ProbeFailed({ what, try: `docker network inspect ${network.name}` }, error);
  }
  const late =
    (error as Error).name === 'TimeoutError' ? { what: 'the engine did not bring it there in time' } : undefined;
  const refusal = late ?? (isLocalhostForwardError(error) ? textOf(error) : describeHelperRefusal(error));
  return new ProbeFailed(refusal ?? describeUnavailable(error, engine.facts.endpoint), error);
};

const isListening = async ({ nonce, targetPort, protocol }: ProbedPort): Promise<boolean> =>
  nonce !== undefined || (await readListeners(targetPort, protocol)).some(takesLoopback4);

const renderOrder = (
  ports: readonly ProbedPort[],
  { timeoutMs }: ProofOptions,
  listening: readonly boolean[],
  beacon: RouteView['beacon'],
): Pick<DialOrder, 'timeoutMs' | 'targets'> => ({
  timeoutMs,
  targets: ports.map((port, n) => {
    const nonce = beacon?.nonce ?? port.nonce;
    return {
      insist: beacon !== undefined || listening[n] === true,
      key: keyOfPort(port),
      protocol: port.protocol,
      port: beacon?.port ?? port.containerPort,
      ...(nonce === undefined ? {} : { nonce, path: noncePath(nonce) }),
    };
  }),
});
