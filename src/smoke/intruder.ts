import { existsSync } from 'node:fs';
import type { Engine } from '../engine/engine.ts';
import { createHelper } from '../engine/helper-container.ts';
import { readProgramText } from '../engine/program-text.ts';
import { namesOf, renderLabels } from '../ownership/names.ts';

/** What an intruder is told. */
export interface IntruderOrder {
  readonly attempts: readonly Attempt[];
  /** Takes 127/8 off the container's own loopback and sends it to this gateway, before the attempts that ask for it. */
  readonly gateway: string;
  /** Leads all else to the gateway as well. Default: as the engine has it. */
  readonly routesOutside?: boolean;
}

export type Attempt = Dial | Scan | Send | Resolve;

/** How it ended: `open`, `silence`, or the error's code; `untried` where the route could not be made. */
export interface Dial {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** How long it waits for an answer, in milliseconds; or ten times as long as the slowest answer so far took, if that is longer. */
  readonly timeoutMs: number;
  /** How long a reset is waited for before what has connected counts as open, in milliseconds. Default: not at all. */
  readonly resetWithinMs?: number;
  /** Dials 127.0.0.1 by a route of its own. */
  readonly rerouted?: boolean;
}

/** How it ended: what was open, as `address:port` apart by commas; or `not known` and why. */
export interface Scan {
  readonly key: string;
  readonly addresses: readonly string[];
  /** Each by its number, or from one to another. */
  readonly ports: readonly (number | readonly [first: number, last: number])[];
  /** A port of the gateway that answers. */
  readonly control: number;
  /** How long an answer is waited for at least, in milliseconds. */
  readonly timeoutMs: number;
}

/** A datagram: `sent`, or the error's code. */
export interface Send {
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly text: string;
}

/** A name: `open` with its addresses, or the error's code. */
export interface Resolve {
  readonly key: string;
  readonly name: string;
}

/** How an attempt ended. */
export type Outcome = string;

export interface Intruder {
  /** Whose marks it carries. */
  readonly id: string;
  readonly session: string;
  /** Tells containers of one forward apart. */
  readonly nth: string;
  readonly network: string;
  /** A container that tries hard: root with the rights to change its own network. */
  readonly mayReroute: boolean;
}

/** Runs a container that tries what must not work, and resolves to how each attempt ended. It is gone by then. */
export const sendIntruder = async (
  { docker }: Engine,
  intruder: Intruder,
  order: IntruderOrder,
): Promise<ReadonlyMap<string, Outcome>> => {
  const names = namesOf(intruder.id);
  const ip = intruder.mayReroute ? findIp() : undefined;
  const container = await createHelper(docker, {
    name: names.probe(intruder.nth),
    labels: renderLabels(names.bridge, intruder.session),
    program: await readProgramText('intruder'),
    args: [JSON.stringify({ ...order, ip })],
    network: intruder.network,
    ...(ip === undefined
      ? {}
      : { tools: [ip], capabilities: ['NET_ADMIN', 'NET_RAW'], sysctls: { 'net.ipv4.conf.all.route_localnet': '1' } }),
  });
  try {
    await container.start();
    const outcomes = new Map<string, Outcome>();
    for await (const line of container.lines) {
      if (line === 'over') break;
      const { key, outcome } = JSON.parse(line) as { key: string; outcome: string };
      outcomes.set(key, outcome);
    }
    const silent = order.attempts.find(({ key }) => !outcomes.has(key));
    if (silent !== undefined)
      throw new Error(
        `the container did not say how '${silent.key}' ended: ${container.stderr().trim() || 'no word from it'}`,
      );
    return outcomes;
  } finally {
    await container.remove();
  }
};

const findIp = (): string | undefined =>
  ['/usr/sbin/ip', '/sbin/ip', '/usr/bin/ip', '/bin/ip'].find((path) => existsSync(path));
