import { setTimeout as delay } from 'node:timers/promises';
import type { ProbedPort, ProbeContext } from './context.ts';
import type { Diagnosis } from './diagnosis.ts';
import { findCause, isKnown } from './find.ts';
import { lookStill } from './look.ts';
import { watchPackets, type PacketWatch } from './packet-watch.ts';
import { renderPlace } from './pass-command.ts';
import { passDrop } from './pass.ts';

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
  context: ProbeContext,
  port: ProbedPort,
  isOver: () => boolean,
): Promise<Diagnosis | undefined> => {
  const passed = new Set<string>();
  while (passed.size < mostAccepts && !isOver()) {
    const still = await lookStill(context, port);
    const plain = findCause({ ...still, ended: 'timeout' });
    if (isKnown(plain)) return plain;
    const watch = await watchPackets(context, port);
    await untilCause(watch, isOver);
    const packets = await watch.end();
    if (isOver()) return undefined;
    const cause = findCause({ ...still, ...packets, ended: 'timeout' });
    if (cause.finding === 'probe-failed') return undefined;
    if (cause.finding !== 'firewall-input' || context.firewall === 'leave') return cause;
    const [drop] = packets.drops;
    const place = drop === undefined ? '' : renderPlace(drop);
    const failure = passed.has(place)
      ? 'there is one already, and packets are still dropped'
      : await passDrop(context, drop);
    passed.add(place);
    if (failure !== undefined)
      return { ...cause, sentence: `${cause.sentence}; an accept could not be put in: ${failure}` };
  }
  return undefined;
};

/** Waits until the kernel tells of a rule that dropped or took a packet, or the probe needs no help any more, or there is nothing to be told. */
export const untilCause = async (watch: PacketWatch, isOver: () => boolean): Promise<void> => {
  const startedAt = performance.now();
  while (!watch.hasCause() && !isOver() && performance.now() - startedAt < watchMs) await delay(lookEveryMs);
};
