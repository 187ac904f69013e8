import { AbortController, AbortSignal } from '../abort.ts';
import type { ProofOptions } from '../options/options.ts';
import { attend } from './attend.ts';
import { isDialled, type ProbedPort, type ProofContext } from './context.ts';
import type { Diagnosis } from '../diagnosis.ts';
import { examine } from './examine.ts';
import { findCause } from './find.ts';
import { describeUnseen, lookStill } from './look.ts';
import { isEnd } from './protocol.ts';
import { keyOfPort, ProbeFailed, readEnd, runProbe, type ProbeAnswer } from './run-probe.ts';
import { isAtService } from './witness.ts';

/** How each port's dialling ended, and the diagnosis of the first one that did not work. */
export interface Proof {
  readonly ended: ReadonlyMap<string, ProbeAnswer>;
  readonly diagnosis: Diagnosis | undefined;
  /** Why the probe itself did not work. */
  readonly cause?: unknown;
}

/**
 * Dials ports from a container, and attends it: at the first dial that nobody answers, the packets are watched. A firewall in the way is
 * passed by an accept, if that is allowed, and the next dial gets through; anything else ends the proof with its diagnosis.
 *
 * @param isFirst - Whether no probe was ever on the network.
 */
export const prove = async (
  context: ProofContext,
  ports: readonly ProbedPort[],
  proof: ProofOptions,
  signal?: AbortSignal,
  isFirst = false,
): Promise<Proof> => {
  const ended = new Map<string, ProbeAnswer>();
  const answered = new Set<string>();
  const dialled = ports.filter(isDialled);
  const hopeless = new AbortController();
  const over = AbortSignal.any([hopeless.signal, ...(signal === undefined ? [] : [signal])]);
  let attending: Promise<Diagnosis | undefined> | undefined;
  let isLeaving = false;
  // Whoever watches packets does it while the probe is there: nobody else's is then.
  const leaving = async (): Promise<void> => {
    isLeaving = true;
    await attending;
  };
  // Late is not silent: looking at where an answer came from may take as long as a silence is watched.
  const hooks = { leaving, isFirst, answered: (key: string) => void answered.add(key) };
  const dial = async (): Promise<void> => {
    if (dialled.length === 0) return;
    for await (const event of runProbe(context, dialled, proof, over, hooks)) {
      const port = dialled.find((one) => keyOfPort(one) === event.key);
      if (isEnd(event)) ended.set(event.key, event);
      else if (attending === undefined && port !== undefined) {
        attending = attend(
          context,
          port,
          () => isLeaving || over.aborted || answered.has(event.key) || ended.has(event.key),
        );
        // What cannot be mended is told at once, not when the time is up.
        attending.then(
          (diagnosis) => diagnosis !== undefined && hopeless.abort(),
          () => hopeless.abort(),
        );
      }
    }
  };
  const [dialling] = await Promise.allSettled([dial()]);
  // Waited for in any case: an accept that is put in after this has ended would be nobody's.
  const found = await attending;
  signal?.throwIfAborted();
  if (found !== undefined) return { ended, diagnosis: found };
  if (dialling.status === 'rejected')
    return {
      ended,
      diagnosis: await judgeFailure(context, dialled, dialling.reason),
      cause: (dialling.reason as Error).cause ?? dialling.reason,
    };
  for (const port of ports) {
    const diagnosis = await judge(context, port, ended.get(keyOfPort(port)), proof, signal);
    if (!diagnosis.reachable) return { ended, diagnosis };
  }
  return { ended, diagnosis: undefined };
};

const judgeFailure = async (
  context: ProofContext,
  [port]: readonly ProbedPort[],
  failure: unknown,
): Promise<Diagnosis | undefined> => {
  if (!(failure instanceof ProbeFailed) || port === undefined) throw failure;
  const { message, advice } = failure;
  return findCause({ ...(await lookStill(context, port)), probeFailure: { what: message, advice } });
};

const judge = async (
  context: ProofContext,
  port: ProbedPort,
  event: ProbeAnswer | undefined,
  proof: ProofOptions,
  signal: AbortSignal | undefined,
): Promise<Diagnosis> => {
  const ended = isDialled(port) ? readEnd(event) : 'sent';
  const arrival = event?.arrival;
  // A beacon tells of the way and nothing of the service.
  const isWhole = context.route.beacon === undefined || port.nonce !== undefined;
  if (isWhole && (ended === 'nonce' || (ended === 'accepted' && isAtService(arrival))))
    return findCause({ ...describeUnseen(context, port), ended, arrival });
  const still = await lookStill(context, port);
  const cause = findCause({ ...still, arrival, ended: isDialled(port) ? readEnd(event, still) : 'sent' });
  // What a connection that was accepted and not seen at the service came to, packets tell.
  const isSettled = cause.reachable
    ? ended !== 'accepted'
    : cause.finding !== 'probe-failed' && cause.finding !== 'taken-by-other-rule';
  return isSettled || ended === 'unresolved' ? cause : examine(context, port, proof, signal);
};
