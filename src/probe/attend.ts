import { setTimeout as delay } from 'node:timers/promises';
import { insertAccept, removeAccepts } from '../strategies/firewall/accepts.ts';
import type { ProbedPort, ProbeContext } from './context.ts';
import type { Diagnosis } from './diagnosis.ts';
import { findCause, renderDrop } from './find.ts';
import { lookStill } from './look.ts';
import { watchPackets, type PacketWatch } from './packet-watch.ts';
import type { Drop } from './trace.ts';

/** How long packets of a probe that dials ten times a second are watched for a drop, in milliseconds. */
const watchMs = 1_500;
const lookEveryMs = 20;

/** As many firewalls in a row as one host may have. */
const mostAccepts = 4;

/**
 * Looks after a probe that nobody answers, while it goes on dialling: passes what drops it, where that is allowed, and tells what cannot be
 * passed. Nothing found is no finding: the service may be slow, and the probe has time.
 */
export const attend = async (context: ProbeContext, port: ProbedPort, isOver: () => boolean): Promise<Diagnosis | undefined> => {
  const passed = new Set<string>();
  while (passed.size < mostAccepts && !isOver()) {
    const still = await lookStill(context, port);
    const plain = findCause({ ...still, ended: 'refused' });
    if (plain.finding === 'route-localnet-off' || plain.finding === 'rule-missing' || plain.finding.startsWith('engine-')) return plain;
    const watch = await watchPackets(context, port);
    await untilDrop(watch, isOver);
    const packets = await watch.end();
    if (isOver()) return undefined;
    const cause = findCause({ ...still, ...packets, ended: 'timeout' });
    if (cause.finding === 'probe-failed') return undefined;
    if (cause.finding !== 'firewall-input' || context.firewall === 'leave') return cause;
    const failure = await pass(context, packets.drops[0], passed);
    if (failure !== undefined) return { ...cause, sentence: `${cause.sentence}; an accept could not be put in: ${failure}` };
  }
  return undefined;
};

/** Waits until the kernel tells of a drop, or the probe needs no help any more, or there is nothing to be told. */
export const untilDrop = async (watch: PacketWatch, isOver: () => boolean): Promise<void> => {
  const startedAt = performance.now();
  while (!watch.hasDrop() && !isOver() && performance.now() - startedAt < watchMs) await delay(lookEveryMs);
};

const pass = async (context: ProbeContext, drop: Drop | undefined, passed: Set<string>): Promise<string | undefined> => {
  const { names, session, privileges } = context;
  // The trace does not see rules of iptables' legacy kind; a chain INPUT is where those would stand.
  const chain = drop === undefined ? { family: 'ip', table: 'filter', chain: 'INPUT' } : { family: drop.family, table: drop.table, chain: drop.baseChain };
  const said = `an accept for ${names.bridge} in ${chain.family} ${chain.table} ${chain.chain}${drop === undefined ? '' : `, before ${renderDrop(drop)}`}`;
  if (passed.has(said)) return 'there is one already, and packets are still dropped';
  // Remembered before it is done: killed in between, it is the sweep's; failing in between, it is ours.
  if (context.accepts.size === 0) context.onAdded('accepts in chains of others', () => removeAccepts(names.bridge, privileges));
  context.accepts.add(said);
  passed.add(said);
  return insertAccept(chain, names.bridge, session, privileges);
};
