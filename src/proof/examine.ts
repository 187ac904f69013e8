import { AbortController, AbortSignal } from '../abort.ts';
import type { ProofOptions } from '../options/options.ts';
import { untilCause } from './attend.ts';
import { asProbed, isDialled, type ProbedPort, type ProofContext } from './context.ts';
import type { Diagnosis } from '../diagnosis.ts';
import { findCause, isKnown } from './find.ts';
import { findMisdirected, lookStill } from './look.ts';
import type { Packets, PacketWatch } from '../strategies/packets.ts';
import { ProbeFailed, readEnd, runProbe, type ProbeAnswer } from './run-probe.ts';
import { isAtService } from './witness.ts';

/** How long a diagnosis dials at most, in milliseconds. */
const dialMs = 2_000;

/** Dials one port with every hop watched, changing nothing. */
export const examine = async (
  context: ProofContext,
  port: ProbedPort,
  proof: ProofOptions,
  signal?: AbortSignal,
): Promise<Diagnosis> => {
  const still = await lookStill(context, port);
  // What its user asked for is not to be found out.
  if (!isDialled(port) || port.cut !== undefined) return findCause({ ...still, ended: 'sent' });
  const enough = new AbortController();
  const over = AbortSignal.any([enough.signal, ...(signal === undefined ? [] : [signal])]);
  let watch: PacketWatch | undefined;
  let packets: Packets | undefined;
  let last: ProbeAnswer | undefined;
  let probeFailure: { what: string; advice: string | undefined } | undefined;
  const hooks = {
    arrived: async () => void (watch = await context.route.watchPackets(asProbed(port))),
    leaving: async () => void (packets = await watch?.end()),
  };
  try {
    for await (const event of runProbe(
      context,
      [port],
      { ...proof, timeoutMs: Math.min(proof.timeoutMs, dialMs) },
      over,
      hooks,
    )) {
      const isFirst = last === undefined;
      last = event;
      // The kernel's trace comes by a way of its own, a little later than the answer.
      if (watch?.sees === true && wasTaken(event))
        await untilCause(watch, () => over.aborted || watch?.hasTranslator() === true);
      // Once it is known what drops or takes it, there is nothing more to wait for.
      if (event.event === 'quiet' && isKnown(findCause({ ...still, ended: 'timeout' }))) enough.abort();
      if (isFirst && watch !== undefined)
        void untilCause(watch, () => over.aborted || last !== event).then(
          () => watch?.hasCause() === true && enough.abort(),
        );
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ProbeFailed)) throw error;
    probeFailure = { what: error.message, advice: error.advice };
  } finally {
    // Whoever still looks for a cause keeps the process alive.
    enough.abort();
  }
  signal?.throwIfAborted();
  const misdirected = await findMisdirected(context, packets?.strays ?? []);
  return findCause({
    ...still,
    counts: packets?.counts,
    drops: packets?.drops ?? [],
    taken: packets?.taken ?? [],
    untracked: packets?.untracked ?? [],
    arrival: last?.arrival,
    misdirected,
    ended: readEnd(last, still),
    probeFailure,
  });
};

/** Whether another rule than ours is to be looked for. */
const wasTaken = ({ event, arrival }: ProbeAnswer): boolean =>
  event === 'foreign' || (event === 'accepted' && !isAtService(arrival));
