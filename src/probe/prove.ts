import { setTimeout as delay } from 'node:timers/promises';
import { insertAccept, removeAccepts } from '../strategies/firewall/accepts.ts';
import type { ProofOptions } from '../options.ts';
import type { ProbedPort, ProbeContext } from './context.ts';
import type { Diagnosis } from './diagnosis.ts';
import { findCause, renderDrop, type Evidence } from './find.ts';
import { lookAtPackets, lookStill } from './look.ts';
import type { ProbeEvent } from './program.ts';
import { keyOfPort, ProbeFailed, runProbe } from './run-probe.ts';
import type { Drop } from './trace.ts';

/** How each port's dialling ended, what had to be added for it, and the first port's diagnosis that did not work. */
export interface Proof {
  readonly ended: ReadonlyMap<string, ProbeEvent>;
  /** Accepts that were put in somebody's chain, a sentence each. */
  readonly accepts: readonly string[];
  readonly diagnosis: Diagnosis | undefined;
}

/** How long packets of a probe that dials ten times a second are watched, in milliseconds. */
const watchMs = 450;

/** As many firewalls in a row as one host may have. */
const mostAccepts = 4;

/**
 * Dials ports from a container, and attends it: at the first dial that nobody answers, the packets are watched. A firewall in the way is
 * passed by an accept, if that is allowed, and the next dial gets through; anything else ends the proof with its diagnosis.
 */
export const prove = async (context: ProbeContext, ports: readonly ProbedPort[], proof: ProofOptions, signal?: AbortSignal): Promise<Proof> => {
  const ended = new Map<string, ProbeEvent>();
  const accepts: string[] = [];
  const dialled = ports.filter(isDialled);
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let attending: Promise<Diagnosis | undefined> | undefined;
  try {
    if (dialled.length > 0) {
      for await (const event of runProbe(context, dialled, proof, both)) {
        const port = dialled.find((one) => keyOfPort(one) === event.key);
        if (event.event !== 'quiet' && event.event !== 'rejected') ended.set(event.key, event);
        else if (attending === undefined && port !== undefined) {
          attending = attend(context, port, accepts, () => ended.has(event.key));
          // What cannot be mended is told at once, not when the time is up.
          void attending.then((diagnosis) => diagnosis !== undefined && stop.abort());
        }
      }
    }
  } catch (error) {
    if (!(error instanceof ProbeFailed) || signal?.aborted === true) throw error;
    const [port] = dialled;
    await attending;
    return { ended, accepts, diagnosis: port === undefined ? undefined : findCause({ ...(await lookStill(context, port)), probeFailure: error.message }) };
  }
  signal?.throwIfAborted();
  const hopeless = await attending;
  if (hopeless !== undefined) return { ended, accepts, diagnosis: hopeless };
  for (const port of ports) {
    const diagnosis = await judge(context, port, ended.get(keyOfPort(port)), proof, signal);
    if (!diagnosis.reachable) return { ended, accepts, diagnosis };
  }
  return { ended, accepts, diagnosis: undefined };
};

/** A UDP service of the user's is never written to, and there is no other way to ask one. */
export const isDialled = ({ protocol, nonce }: ProbedPort): boolean => protocol === 'tcp' || nonce !== undefined;

/** Dials one port with every hop watched, changing nothing. */
export const examine = async (context: ProbeContext, port: ProbedPort, proof: ProofOptions, signal?: AbortSignal): Promise<Diagnosis> => {
  const still = await lookStill(context, port);
  if (!isDialled(port)) return findCause({ ...still, ended: 'sent' });
  let last: ProbeEvent | undefined;
  let probeFailure: string | undefined;
  const dial = async (): Promise<void> => {
    try {
      for await (const event of runProbe(context, [port], { ...proof, timeoutMs: Math.min(proof.timeoutMs, 900) }, signal)) last = event;
    } catch (error) {
      if (!(error instanceof ProbeFailed)) throw error;
      probeFailure = error.message;
    }
  };
  const packets = await lookAtPackets(context, port, dial);
  return findCause({ ...still, ...packets, ended: readEnd(last), probeFailure });
};

const judge = async (context: ProbeContext, port: ProbedPort, event: ProbeEvent | undefined, proof: ProofOptions, signal: AbortSignal | undefined): Promise<Diagnosis> => {
  const ended = isDialled(port) ? readEnd(event) : 'sent';
  const relayed = port.hostAddress === '::1';
  if (ended === 'nonce' || (ended === 'accepted' && !relayed)) return findCause({ ...unseen(context, port), ended });
  const still = await lookStill(context, port);
  // A relay accepts for a service that may be absent.
  const cause = findCause({ ...still, ended: relayed && ended === 'accepted' && !still.listening ? 'refused' : ended });
  return cause.reachable || cause.finding !== 'probe-failed' ? cause : examine(context, port, proof, signal);
};

const attend = async (context: ProbeContext, port: ProbedPort, accepts: string[], isOver: () => boolean): Promise<Diagnosis | undefined> => {
  for (let round = 0; round < mostAccepts && !isOver(); round += 1) {
    const still = await lookStill(context, port);
    const plain = findCause({ ...still, ended: 'refused' });
    if (plain.finding === 'route-localnet-off' || plain.finding === 'rule-missing' || plain.finding.startsWith('engine-')) return plain;
    const packets = await lookAtPackets(context, port, () => delay(watchMs));
    if (isOver()) return undefined;
    const evidence: Evidence = { ...still, ...packets, ended: 'timeout' };
    const cause = findCause(evidence);
    if (cause.finding !== 'firewall-input' || context.firewall === 'leave') return cause;
    const failure = await pass(context, packets.drops, accepts);
    if (failure !== undefined) return { ...cause, sentence: `${cause.sentence}; an accept could not be put in: ${failure}` };
  }
  return undefined;
};

const pass = async (context: ProbeContext, drops: readonly Drop[], accepts: string[]): Promise<string | undefined> => {
  const { names, session, privileges } = context;
  // The trace does not see rules of iptables' legacy kind; a chain INPUT is where those would stand.
  const [drop] = drops;
  const chain = drop === undefined ? { family: 'ip', table: 'filter', chain: 'INPUT' } : { family: drop.family, table: drop.table, chain: drop.baseChain };
  const said = `an accept for ${names.bridge} in ${chain.family} ${chain.table} ${chain.chain}${drop === undefined ? '' : `, before ${renderDrop(drop)}`}`;
  if (accepts.includes(said)) return 'there is one already, and packets are still dropped';
  // Remembered before it is done: killed in between, it is the sweep's; failing in between, it is ours.
  if (accepts.length === 0) context.onAdded('accepts in chains of others', () => removeAccepts(names.bridge, privileges));
  accepts.push(said);
  return insertAccept(chain, names.bridge, session, privileges);
};

const readEnd = (event: ProbeEvent | undefined): Evidence['ended'] => (event === undefined ? undefined : event.event === 'quiet' ? 'timeout' : event.event);

const unseen = (context: ProbeContext, port: ProbedPort): Evidence => ({
  hostname: context.hostname,
  gateway: context.gateway,
  bridge: context.names.bridge,
  protocol: port.protocol,
  containerPort: port.containerPort,
  hostPort: port.hostPort,
  ended: undefined,
  engine: context.engine.facts,
  rulePresent: undefined,
  routeLocalnet: undefined,
  listeners: [],
  listening: true,
  counts: undefined,
  drops: [],
});
