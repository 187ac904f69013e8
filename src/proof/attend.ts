import { delay } from '../clock.ts';
import { asProbed, type ProbedPort, type ProofContext } from './context.ts';
import type { Diagnosis } from '../diagnosis.ts';
import { findCause, isKnown } from './find.ts';
import { lookStill } from './look.ts';
import type { PacketWatch } from '../strategies/packets.ts';
import { renderPlace } from './pass-command.ts';

/** How long packets of a probe that dials ten times a second are watched for a drop, in milliseconds. */
const watchMs = 1_500;
const lookEveryMs = 20;

/** As many firewalls in a row as one host may have. */
const mostAccepts = 4;

/**
 * Looks after a probe that nobody answers, while it goes on dialling: passes what drops it, where that is allowed, and tells what cannot be
 * passed. Nothing found is no finding: the service may be slow, and the probe has time.
 */
export const attend = async (
  context: ProofContext,
  port: ProbedPort,
  isOver: () => boolean,
): Promise<Diagnosis | undefined> => {
  const passed = new Set<string>();
  while (passed.size < mostAccepts && !isOver()) {
    const still = await lookStill(context, port);
    const plain = findCause({ ...still, ended: 'timeout' });
    if (isKnown(plain)) return plain;
    const watch = await context.route.watchPackets(asProbed(port));
    await untilCause(watch, isOver);
    const packets = await watch.end();
    if (isOver()) return undefined;
    const cause = findCause({ ...still, ...packets, ended: 'timeout' });
    if (cause.finding === 'probe-failed') return undefined;
    if (cause.finding !== 'firewall-input' || context.firewall === 'leave') return cause;
    const [drop] = packets.drops;
    const place = drop === undefined ? '' : renderPlace(drop);
    const outcome = passed.has(place)
      ? { failure: 'there is one already, and packets are still dropped' }
      : await context.route.firewall?.passDrop(drop);
    passed.add(place);
    if (outcome === undefined) return cause;
    if ('failure' in outcome)
      return { ...cause, sentence: `${cause.sentence}; an accept could not be put in: ${outcome.failure}` };
    context.accepts.add(outcome.done);
  }
  return undefined;
};

/** Waits until the kernel tells of a rule that dropped or took a packet, or the probe needs no help any more, or there is nothing to be told. */
export const untilCause = async (watch: PacketWatch, isOver: () => boolean): Promise<void> => {
  // By looks and not by the clock: a machine that stood still has heard nothing meanwhile.
  for (let look = 0; look < watchMs / lookEveryMs && !watch.hasCause() && !isOver(); look += 1)
    await delay(lookEveryMs);
};
