import { describePruned } from '../../engine/helper-container.ts';
import { LocalhostForwardError } from '../../errors.ts';
import type { Hits, Strategy as StrategyName } from '../../types.ts';
import { blindWatch, type PacketWatch } from '../packets.ts';
import {
  keyOf,
  type Network,
  type PortMapping,
  type Proofs,
  type Route,
  type RoutePlan,
  type RouteEvidence,
  type RouteView,
} from '../strategy.ts';
import type { End, RelayCount, RelayOrder, RelayPort } from './orders.ts';
import type { RelayThread } from './relay-thread.ts';

/** Where containers dial, and what stands there. */
export interface Front {
  readonly strategy: StrategyName;
  /** Opens it on the network. Resolves to the address that containers dial. Undone by `close`, also where it failed. */
  open(network: Network): Promise<{ address: string; place: Place }>;
  /** Whether it still stands, once it was opened. */
  readonly isOpen: boolean;
  /** Its own socket in this host that callers' connections arrive at, where it is in this host. */
  landingOf(port: PortMapping): ReturnType<RouteView['landingOf']>;
  /** Before the network goes. Tried again, it does what is left. */
  close(): Promise<void>;
  /** After the network has gone. */
  forget(): Promise<void>;
}

/** Where the relay's thread listens for a port. */
export type Place = Pick<Extract<RelayOrder, { do: 'listen' }>, 'address'>;

/** A forward whose bytes a thread of this process carries, whatever stands in front. */
export class CarriedRoute implements Route {
  readonly isRelay = true;
  readonly #forward: string;
  readonly #front: Front;
  readonly #thread: RelayThread;
  readonly #ports: Map<string, PortMapping>;
  /** In which of the thread's lives each port was opened. */
  readonly #lives = new Map<string, number>();
  #trials: Readonly<Record<string, number>>;
  #opened: { readonly network: Network; readonly place: Place } | undefined;
  #isHeld = true;

  constructor({ names, ports, trials }: RoutePlan, front: Front, thread: RelayThread) {
    this.#forward = names.bridge;
    this.#trials = trialsOf(trials);
    this.#front = front;
    this.#thread = thread;
    this.#ports = new Map(ports.map((port) => [keyOf(port), port]));
    thread.hold();
  }

  async connect(network: Network): Promise<{ address: string }> {
    const { address, place } = await this.#front.open(network);
    this.#opened = { network, place };
    // All of them have listened or failed before anything is undone.
    const listening = await Promise.allSettled([...this.#ports.values()].map((port) => this.#listen(port)));
    const failed = listening.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { address };
  }

  async add(port: PortMapping): Promise<void> {
    await this.#listen(port);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: PortMapping): Promise<void> {
    const key = keyOf(port);
    this.#ports.delete(key);
    if (this.#isThere(key)) await this.#thread.ask({ do: 'close', forward: this.#forward, key });
    this.#lives.delete(key);
  }

  async divertProbes(trials: readonly PortMapping[]): Promise<void> {
    this.#trials = trialsOf(trials);
    await this.#thread.ask({ do: 'divert', forward: this.#forward, trials: this.#trials });
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    return Promise.all(
      ports.map(async (port) => {
        const { attempts, connections, packets, bytes } = await this.#count(keyOf(port));
        return { attempts, connections, packets, bytes };
      }),
    );
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    const proofs = [...this.#ports].map(async ([key, { hostPort }]) => {
      const { proofs: packets } = await this.#count(key);
      return [key, { packets, targetPort: hostPort }] as const;
    });
    return new Map(await Promise.all(proofs));
  }

  async inspect(port: PortMapping): Promise<RouteEvidence> {
    return { isPresent: this.#isThere(keyOf(port)), routeLocalnet: undefined };
  }

  landingOf(port: PortMapping): ReturnType<RouteView['landingOf']> {
    return this.#front.landingOf(port);
  }

  async carriedFrom(port: PortMapping, from: End): Promise<End | undefined> {
    return this.#ask(keyOf(port), { do: 'carriedFrom', forward: this.#forward, key: keyOf(port), end: from });
  }

  async callerBehind(port: PortMapping, end: End): Promise<End | undefined> {
    return this.#ask(keyOf(port), { do: 'callerBehind', forward: this.#forward, key: keyOf(port), end });
  }

  async watchPackets(): Promise<PacketWatch> {
    return blindWatch;
  }

  /** Nobody but this process can take its sockets; but its thread may have ended, and a container be removed by anybody. */
  async repair(): Promise<boolean> {
    if (this.#opened !== undefined && (!this.#front.isOpen || this.#isThreadLost())) {
      this.#lives.clear();
      await this.#front.close();
      this.#opened = { ...this.#opened, place: (await this.#front.open(this.#opened.network)).place };
    }
    const lost = [...this.#ports.values()].filter((port) => !this.#isThere(keyOf(port)));
    await Promise.all(lost.map((port) => this.#listen(port)));
    return lost.length > 0;
  }

  async close(removeNetwork: () => Promise<void>): Promise<void> {
    await Promise.all([...this.#ports.values()].map((port) => this.remove(port)));
    await this.#front.close();
    await removeNetwork();
    await this.#front.forget();
    if (this.#isHeld) this.#thread.release();
    this.#isHeld = false;
  }

  async #listen(port: PortMapping): Promise<void> {
    if (this.#opened === undefined) return;
    const { network, place } = this.#opened;
    const key = keyOf(port);
    const plan = { ...planOf(port, network), trial: this.#trials[key] };
    try {
      await this.#thread.ask({ do: 'listen', forward: this.#forward, key, ...place, port: plan });
    } catch (error) {
      if (isGone(error)) throw networkGone(this.#front.strategy, network, error);
      throw cannotListen(this.#front.strategy, place, port, error);
    }
    this.#lives.set(key, this.#thread.life);
  }

  #isThere(key: string): boolean {
    return this.#front.isOpen && !this.#thread.isLost && this.#lives.get(key) === this.#thread.life;
  }

  #isThreadLost(): boolean {
    return this.#thread.isLost || [...this.#lives.values()].some((life) => life !== this.#thread.life);
  }

  async #count(key: string): Promise<RelayCount> {
    const count = await this.#ask<RelayCount>(key, { do: 'count', forward: this.#forward, key });
    return count ?? { attempts: 0, connections: 0, packets: 0, bytes: 0, proofs: 0 };
  }

  /** Of what a lost thread knew nothing is known. */
  async #ask<T>(key: string, order: RelayOrder): Promise<T | undefined> {
    return this.#isThere(key) ? this.#thread.ask<T | undefined>(order) : undefined;
  }
}

const trialsOf = (trials: readonly PortMapping[]): Record<string, number> =>
  Object.fromEntries(trials.map((port) => [keyOf(port), port.targetPort]));

const planOf = (port: PortMapping, { subnet, probeAddress }: Network): RelayPort => {
  const { protocol, containerPort, hostPort, hostAddress } = port;
  const other = hostAddress === '::1' ? '127.0.0.1' : '::1';
  const hosts = port.eitherLoopback === true ? ([hostAddress, other] as const) : [hostAddress];
  return { protocol, containerPort, hostPort, hosts, subnet, probeAddress };
};

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL';

/** Its address went with it. */
const networkGone = (strategy: StrategyName, { name }: Network, error: unknown): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_NETWORK', describePruned(name), { cause: error, strategy });

const cannotListen = (
  strategy: StrategyName,
  { address }: Place,
  { containerPort, protocol }: PortMapping,
  error: unknown,
): LocalhostForwardError => {
  const { code } = error as NodeJS.ErrnoException;
  const why = { EADDRINUSE: 'something listens there, or on all addresses', EACCES: 'ports below 1024 take root' };
  const what = `The ${strategy} cannot listen on ${address}:${containerPort}: ${why[code as 'EACCES'] ?? String(error)}`;
  const advice = {
    EADDRINUSE: `ss -l${protocol === 'udp' ? 'u' : 't'}np 'sport = :${containerPort}'`,
    EACCES: '{ hostPort, containerPort: 8080 }, a port above 1023',
  };
  return new LocalhostForwardError(
    'LHF_ERR_PORT_IN_USE',
    { what, try: advice[code as 'EACCES'] ?? 'another container port' },
    { cause: error, strategy },
  );
};
