import { setTimeout as delay } from 'node:timers/promises';
import { readConnectionsFrom, readSockets, type Endpoint } from '../host/sockets.ts';
import type { Proofs } from '../strategies/strategy.ts';
import type { ProbedPort } from './context.ts';

/** Where a connection of our probe arrived, as this host's own tables tell it while the probe holds it. */
export interface Arrival {
  /** `service`: at the service, by its own socket. `elsewhere`: at another one. `nowhere`: this host has no socket for it. */
  readonly at: 'service' | 'elsewhere' | 'nowhere';
  /** The host's end of it, where it has one. */
  readonly to: Endpoint | undefined;
  /** Packets of this probe that our own rule translated. */
  readonly counted: number;
}

/** Whether our own rule carried the connection to the very service. */
export const isAtService = (arrival: Arrival | undefined): boolean =>
  arrival !== undefined && arrival.at === 'service' && arrival.counted > 0;

/** The kernel's list of sockets is no snapshot: one may be left out while others come and go. */
const looks = 4;
const betweenLooksMs = 15;

type ReadProofs = () => Promise<ReadonlyMap<string, Proofs>>;

/** Looks where a connection from a probe arrived, and whether our own rule has counted any since `before`. */
export const witness = async (
  port: ProbedPort,
  from: Endpoint | undefined,
  before: Proofs | undefined,
  readProofs: ReadProofs,
): Promise<Arrival> => {
  const [proofs, arrived] = await Promise.all([readProofs(), from === undefined ? nowhere : findArrival(port, from)]);
  const after = proofs.get(`${port.protocol}/${port.containerPort}`);
  // A rule that could not be read before has counted nothing that is known to be this probe's.
  return { ...arrived, counted: after === undefined || before === undefined ? 0 : after.packets - before.packets };
};

const nowhere = { at: 'nowhere', to: undefined } as const;

const findArrival = async (port: ProbedPort, from: Endpoint): Promise<Pick<Arrival, 'at' | 'to'>> => {
  for (let look = 1; ; look += 1) {
    const arrived = judgeArrival(port, await readConnectionsFrom(from));
    const isWhole = arrived.at !== 'service' || port.hostAddress !== '::1' || (await isRelayedOn(port));
    if (arrived.at !== 'nowhere' && isWhole) return arrived;
    if (look === looks) return nowhere;
    await delay(betweenLooksMs);
  }
};

/** Judges this host's ends of one connection. Pure. */
export const judgeArrival = (
  { targetPort }: Pick<ProbedPort, 'targetPort'>,
  ends: readonly Endpoint[],
): Pick<Arrival, 'at' | 'to'> => {
  const isService = ({ address, port }: Endpoint): boolean => address === '127.0.0.1' && port === targetPort;
  const other = ends.find((end) => !isService(end));
  if (other !== undefined) return { at: 'elsewhere', to: other };
  return ends[0] === undefined ? nowhere : { at: 'service', to: ends[0] };
};

/** Our relay accepts for a service on ::1 before it has one: the service has a connection of its own then. */
const isRelayedOn = async ({ hostPort }: ProbedPort): Promise<boolean> =>
  (await readSockets(hostPort, 'tcp')).some(
    ({ local, state }) => state !== '0A' && local.address === '::1' && local.port === hostPort,
  );
