import { delay } from '../clock.ts';
import { readConnectionsFrom, readSockets, type ConnectionEnd, type Endpoint } from '../host/sockets.ts';
import { readAcceptor, type ToldSocket } from '../host/transparent.ts';
import { keyOf, type Proofs, type RouteView } from '../strategies/strategy.ts';
import type { ProbedPort } from './context.ts';

/** Where a connection of our probe arrived, as this host's own tables tell it while the probe holds it. */
export interface Arrival {
  /**
   * `service`: at the service, by its own socket. `elsewhere`: at another one. `carrier`: at a relay of ours, which has no connection to the
   * service for it. `nowhere`: this host has no socket for it.
   */
  readonly at: 'service' | 'elsewhere' | 'carrier' | 'nowhere';
  /** The host's end of it, where it has one. */
  readonly to: Endpoint | undefined;
  /** Packets of this probe that our own rule translated. */
  readonly counted: number;
  /** Whether it was a proxy's transparent socket, which bears the service's own address. */
  readonly isTransparent?: true;
  /** Whether that is where a carrier's connection arrived, which it had made for the probe's. */
  readonly isCarried?: true;
  /** The container for which its engine keeps the port, by a socket that nobody reads. */
  readonly keptFor?: string;
}

/** Where it arrived, and by whom it was dialled there: the probe, or a carrier of ours. */
interface Seen extends Omit<Arrival, 'counted'> {
  readonly from?: Endpoint;
  /** Whether nobody had taken it in by then. */
  readonly waits?: boolean;
}

/** Whether our own rule carried the connection to the very service. */
export const isAtService = (arrival: Arrival | undefined): boolean =>
  arrival !== undefined && arrival.at === 'service' && arrival.counted > 0;

/** Whether a carrier of ours had a connection for it, to wherever this host's own go. */
export const wasCarried = (arrival: Arrival | undefined): boolean =>
  arrival !== undefined && arrival.isCarried === true && arrival.counted > 0;

/** The kernel's list of sockets is no snapshot: one may be left out while others come and go. */
const looks = 4;
/** A relay makes its own connection after it has accepted, when its process finds the time. */
const looksAtRelay = 100;
const betweenLooksMs = 15;
/** An engine that carries for a container takes connections in at once, in a process of its own. */
const looksAtKept = 100;

/** What was known before a probe dialled, and who can be asked more. */
export interface Known {
  /** What our own rule had counted; undefined where it could not be read. */
  readonly before: Proofs | undefined;
  /** Transparent listeners of this host. */
  readonly proxies: readonly ToldSocket[];
  readonly findPublisher: () => Promise<string | undefined>;
}

/** Looks where a connection from a probe arrived, and whether our own rule has counted any since. */
export const witness = async (
  port: ProbedPort,
  from: Endpoint | undefined,
  route: Pick<RouteView, 'proofs' | 'landingOf' | 'isRelay' | 'carriedFrom' | 'sawProbe'>,
  known: Known,
): Promise<Arrival> => {
  const { before } = known;
  const judge = (seen: Seen): Promise<Omit<Arrival, 'counted'>> => judgeAcceptance(seen, known);
  for (let look = 1; ; look += 1) {
    const arriving = Promise.resolve(from === undefined ? nowhere : arrive(port, from, route));
    // Beside the counters, where one look is the last one: each is a program of its own. A relay's is looked at often.
    const judging = from === undefined || route.isRelay ? undefined : arriving.then(judge);
    const [proofs, arrived, judged] = await Promise.all([readProofs(route), arriving, judging]);
    const after = proofs.get(keyOf(port));
    // A rule that could not be read before has counted nothing that is known to be this probe's.
    const counted = after === undefined || before === undefined ? 0 : after.packets - before.packets;
    // Reset by then: what a carrier took in, no rule of another's has.
    const taken = (after?.probesSeen ?? 0) - (before?.probesSeen ?? 0);
    const refused = (after?.probesRefused ?? 0) - (before?.probesRefused ?? 0);
    const wasSeen = taken > 0;
    // None of what a carrier took in is on its way any more, so that nothing is to be waited for.
    const isSettled = wasSeen && refused >= taken && counted === 0;
    const seen: Seen = arrived.at === 'nowhere' && wasSeen && counted === 0 ? atCarrier : arrived;
    if (from === undefined || isSettled || look >= looksFor({ at: seen.at, counted }, route.isRelay)) {
      // It bears the carrier's own address, and no carrier took it in.
      const isImposter = seen.at === 'carrier' && after?.probesSeen !== undefined && !wasSeen;
      if (isImposter) return { ...atProxy, counted };
      const isJudged = judged !== undefined && seen === arrived;
      return { ...(isJudged ? judged : await judge(seen)), counted };
    }
    await delay(betweenLooksMs);
  }
};

/** Once more where somebody holds a lock: what cannot be listed is not nothing. */
export const readProofs = (route: Pick<RouteView, 'proofs'>): ReturnType<RouteView['proofs']> =>
  route.proofs().catch(() => route.proofs());

/** How often to look before this is what it came to. */
const looksFor = ({ at, counted }: Pick<Arrival, 'at' | 'counted'>, isRelay: boolean): number => {
  if (!isRelay) return at === 'nowhere' || at === 'carrier' ? looks : 1;
  // Its port may be another connection's as well, and the service's end may be a moment late.
  if (at === 'elsewhere') return looks;
  if (counted === 0) return looksAtRelay;
  // Carried it is by then: somebody's masquerade has given it another sender, by which nobody finds it.
  return at === 'service' ? 1 : looks;
};

/** The service's address alone is no proof that it was the service that accepted. */
const judgeAcceptance = async (
  { from, waits: waited, ...seen }: Seen,
  { proxies, findPublisher }: Known,
): Promise<Omit<Arrival, 'counted'>> => {
  const { at, to } = seen;
  if (at !== 'service' || to === undefined || from === undefined) return seen;
  const acceptor = await readAcceptor(to, from, proxies);
  if (acceptor === 'transparent') return { ...seen, ...atProxy };
  if (acceptor === 'unknown') return nowhere;
  // What a carrier dials goes where all connections of this host do. The kernel takes milliseconds to list its sockets.
  const waits = waited === true && seen.isCarried !== true && (await isWaiting(to, from));
  const publisher = waits ? await findPublisher() : undefined;
  if (publisher !== undefined && (await isLeftWaiting(to, from)))
    return { at: 'elsewhere', to: undefined, keptFor: publisher };
  return seen;
};

const isLeftWaiting = async (to: Endpoint, from: Endpoint): Promise<boolean> => {
  for (let look = 1; look <= looksAtKept; look += 1) {
    if (!(await isWaiting(to, from))) return false;
    await delay(betweenLooksMs);
  }
  return true;
};

/** Whether nobody has taken a connection in, with whom the kernel shook hands in a program's place. */
const isWaiting = async (to: Endpoint, from: Endpoint): Promise<boolean> =>
  waitsAt(to, await readConnectionsFrom(from));

const waitsAt = ({ address, port }: Endpoint, ends: readonly ConnectionEnd[]): boolean =>
  ends.some((end) => end.isWaiting && end.address === address && end.port === port);

const nowhere = { at: 'nowhere', to: undefined } as const;
const atCarrier = { at: 'carrier', to: undefined } as const;
const atProxy = { at: 'elsewhere', to: undefined, isTransparent: true } as const;

const arrive = (
  port: ProbedPort,
  from: Endpoint,
  route: Pick<RouteView, 'landingOf' | 'carriedFrom' | 'sawProbe'>,
): Seen | Promise<Seen> => {
  if (route.sawProbe === undefined) return findArrival(port, route, from);
  return route.sawProbe(from, port) ? { at: 'service', to: route.landingOf(port) } : nowhere;
};

const findArrival = async (
  port: ProbedPort,
  route: Pick<RouteView, 'landingOf' | 'carriedFrom'>,
  from: Endpoint,
): Promise<Seen> => {
  const landing = route.landingOf(port);
  const arrived: Seen =
    landing === undefined ? { at: 'service', to: undefined } : findEnd(landing, from, await readConnectionsFrom(from));
  if (arrived.at !== 'service') return arrived;
  if (route.carriedFrom !== undefined) {
    const carrier = await route.carriedFrom(port, from);
    // Where a carrier of ours accepts in a network of its own, nothing tells whether it was that which accepted.
    if (carrier === undefined) return landing === undefined ? nowhere : atCarrier;
    return findCarried(port, carrier);
  }
  return port.hostAddress !== '::1' || (await isRelayedOn(port)) ? arrived : atCarrier;
};

const findEnd = (landing: Endpoint, from: Endpoint, ends: readonly ConnectionEnd[]): Seen => {
  const arrived = judgeArrival(landing, ends);
  return { ...arrived, from, waits: arrived.to !== undefined && waitsAt(arrived.to, ends) };
};

/** What a carrier carries on is a connection of its own, which the service has to have the other end of. */
const findCarried = async ({ hostPort, hostAddress, eitherLoopback }: ProbedPort, carrier: Endpoint): Promise<Seen> => {
  const address = eitherLoopback === true ? carrier.address : hostAddress;
  const arrived = judgeCarried({ address, port: hostPort }, await readConnectionsFrom(carrier));
  return { ...arrived, from: carrier, isCarried: true };
};

/** Judges this host's ends of one connection. What is over tells of another service nothing: its ports are used again. Pure. */
export const judgeArrival = (landing: Endpoint, ends: readonly ConnectionEnd[]): Pick<Arrival, 'at' | 'to'> => {
  const isService = ({ address, port }: Endpoint): boolean => address === landing.address && port === landing.port;
  const other = ends.find((end) => !end.isOver && !isService(end));
  if (other !== undefined) return { at: 'elsewhere', to: plain(other) };
  const service = ends.find(isService);
  return service === undefined ? nowhere : { at: 'service', to: plain(service) };
};

const plain = ({ address, port }: Endpoint): Endpoint => ({ address, port });

/**
 * The same of a connection that a carrier of ours made on the loopback, where several of the same number may be alive, to different
 * services: another's tells nothing where the service has its end. Pure.
 */
export const judgeCarried = (landing: Endpoint, ends: readonly ConnectionEnd[]): Pick<Arrival, 'at' | 'to'> => {
  const arrived = ends.filter((end) => !end.isOver && end.address === landing.address && end.port === landing.port);
  return judgeArrival(landing, arrived.length > 0 ? arrived : ends);
};

/** Our relay accepts for a service on ::1 before it has one: the service has a connection of its own then. */
const isRelayedOn = async ({ hostPort, eitherLoopback }: ProbedPort): Promise<boolean> => {
  const addresses = ['::1', ...(eitherLoopback === true ? ['127.0.0.1', '::ffff:127.0.0.1'] : [])];
  return (await readSockets(hostPort, 'tcp')).some(
    ({ local, state }) => state !== '0A' && addresses.includes(local.address) && local.port === hostPort,
  );
};
