import { isIP } from 'node:net';
import type Docker from 'dockerode';
import { orAborted } from '../abort.ts';
import { delay } from '../clock.ts';
import { AddressTaken } from '../engine/containers.ts';
import { underNoSignal } from '../engine/limit.ts';
import { IdleEnd } from '../lifecycle/idle-end.ts';
import { renderLabels } from '../ownership/names.ts';
import type { Session } from '../ownership/session.ts';
import type { Network } from '../strategies/strategy.ts';
import { findHolder, isProbe } from './address-holder.ts';
import { openings, type Calm } from './calm.ts';
import { ProbeContainer } from './probe-container.ts';
import type { DialOrder, ProbeEvent } from './protocol.ts';
import { Turns } from './turns.ts';

/** Where a probe goes. */
export interface Destination {
  readonly docker: Docker;
  readonly network: Network;
  /** The names that containers dial there. */
  readonly hostnames: readonly string[];
  /** What they stand for. */
  readonly address: string;
  /** An image with a `node` in it. Default: the host's own node. */
  readonly image: string | undefined;
}

/** A probe's stay on a network, where no other probe is meanwhile, whichever process asks. */
export interface Visit {
  /** What it says, until all is said or the visit or the container ends. */
  dial(order: Pick<DialOrder, 'timeoutMs' | 'targets'>): AsyncIterable<ProbeEvent>;
  release(key: string): void;
  /** What the program had to complain of. */
  complaint(): string;
  /** Leaves the network, in the background, when no opening of this process is in need of the engine. */
  end(): void;
}

/** A visit from the moment it is asked for. */
export interface AskedVisit {
  /** @throws the signal's reason, AddressTaken, and whatever the engine says. */
  readonly arrived: Promise<Visit>;
  /** When nothing of it is on the network, whatever became of it. Never rejects. */
  readonly gone: Promise<void>;
  /** It leaves when it has ended, and waits for no opening. */
  readonly hurry: () => void;
}

/** How long a probe that nobody sends anywhere stays, in milliseconds. */
const idleMs = 30_000;

/** How often it is tried again to get the address that another process's probe has, in milliseconds. */
const tryEveryMs = 20;

interface Resident {
  readonly container: ProbeContainer;
  readonly idle: IdleEnd;
}

/**
 * A session's probe: one container, which the first visit starts on its own network and which goes to each further one for a fraction of
 * that. It may be on many networks at once. It leaves each when its visit ends: a probe's address on a network is one, and whoever has
 * it keeps the probes of other processes away.
 */
export class StayingProbe {
  readonly #session: Pick<Session, 'owner' | 'word'>;
  readonly #turns = new Turns();
  readonly #calm: Calm;
  /** Visits that may have ended and are still there, by their networks. */
  readonly #staying = new Map<string, () => void>();
  /** The one to be visited, by its image. */
  readonly #current = new Map<string, Promise<Resident>>();
  /** Whatever may be there. */
  readonly #containers = new Set<ProbeContainer>();
  #started = 0;
  #visits = 0;

  constructor(session: Pick<Session, 'owner' | 'word'>, calm: Calm = openings) {
    this.#session = session;
    this.#calm = calm;
  }

  visit(to: Destination, signal: AbortSignal): AskedVisit {
    const left = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const hurried = Promise.withResolvers<void>();
    let taken: AddressTaken | undefined;
    // The one before makes room at once.
    this.#staying.get(to.network.id)?.();
    this.#staying.set(to.network.id, hurried.resolve);
    const entering = this.#enter(to, signal, (error) => (taken = error));
    const arrived = orAborted(entering, signal).then(
      ({ stay }) => this.#describe(to, stay, left.resolve),
      (error: unknown) => {
        left.resolve();
        throw signal.aborted ? (taken ?? error) : error;
      },
    );
    // Somebody who gave up waiting leaves an arrival under way, which is undone when it has come to its end.
    const depart = async (): Promise<void> => {
      const { stay, done } = await entering;
      await left.promise;
      await this.#calm.wait(hurried.promise);
      await stay.container.leave(stay.visit, to.network.id).catch(() => undefined);
      stay.idle.give();
      done();
    };
    void depart()
      .catch(() => undefined)
      .finally(() => {
        if (this.#staying.get(to.network.id) === hurried.resolve) this.#staying.delete(to.network.id);
        gone.resolve();
      });
    return { arrived, gone: gone.promise, hurry: hurried.resolve };
  }

  /** Everything is gone when it resolves. What fails can be tried again. */
  async remove(): Promise<void> {
    this.#current.clear();
    await Promise.all([...this.#containers].map((container) => this.#discard(container, { isLast: true })));
  }

  async #enter(
    to: Destination,
    signal: AbortSignal,
    onTaken: (error: AddressTaken) => void,
  ): Promise<{ stay: Stay; done: () => void }> {
    const done = await this.#turns.take(to.network.id);
    try {
      for (;;) {
        signal.throwIfAborted();
        const stay = await this.#tryToEnter(to).catch(async (error: unknown) => {
          if (!(error instanceof AddressTaken)) throw error;
          onTaken(error);
          const holder = await findHolder(to);
          if (holder !== undefined && !isProbe(holder)) throw error;
        });
        if (stay === 'again') continue;
        if (stay !== undefined) return { stay, done };
        // Another process's probe is there: it will not be long.
        await delay(tryEveryMs);
      }
    } catch (error) {
      done();
      throw error;
    }
  }

  /** @returns `again` where the container that was to go there is no more. */
  async #tryToEnter(to: Destination): Promise<Stay | 'again'> {
    // A name that only the engine can resolve is in the container that was made with it.
    const key = `${to.image ?? ''} ${isIP(to.address) === 0 ? to.hostnames.join(' ') : ''}`;
    const known = this.#current.get(key);
    const starting = known ?? this.#start(to, key);
    if (known === undefined) {
      const { container, idle } = await starting;
      idle.take();
      return { container, idle, visit: (this.#visits += 1), isBornHere: true };
    }
    const { container, idle } = await starting.catch((error: unknown) => {
      if (isOfItsNetwork(error)) return { container: undefined, idle: undefined };
      throw error;
    });
    if (container === undefined || container.isOver) {
      if (this.#current.get(key) === known) this.#current.delete(key);
      return 'again';
    }
    idle.take();
    try {
      await container.connect(to.network.id, to.network.probeAddress);
      return { container, idle, visit: (this.#visits += 1), isBornHere: false };
    } catch (error) {
      idle.give();
      // Somebody removed it. An engine that did not answer at all is another matter.
      if (container.isOver && isRefusal(error)) return 'again';
      throw error;
    }
  }

  #start(to: Destination, key: string): Promise<Resident> {
    const { owner, word } = this.#session;
    const forget = (): void => {
      if (this.#current.get(key) === starting) this.#current.delete(key);
      this.#discard(container).catch(() => undefined);
    };
    const container = new ProbeContainer(to.docker, `lhf-probe-${owner.nonce}-${(this.#started += 1)}`, forget);
    this.#containers.add(container);
    const begin = async (): Promise<Resident> => {
      await container.start({
        // It belongs to no bridge, but to all that its session has.
        labels: renderLabels(`lhf-${owner.nonce}`, word),
        image: to.image,
        network: to.network.name,
        address: to.network.probeAddress,
        extraHosts: to.hostnames.filter((name) => name !== to.address).map((name) => `${name}:${to.address}`),
      });
      return { container, idle: new IdleEnd(() => void container.remove().catch(() => undefined), idleMs) };
    };
    // Others may go on by it.
    const starting = underNoSignal(begin);
    this.#current.set(key, starting);
    return starting;
  }

  async #discard(container: ProbeContainer, { isLast = false } = {}): Promise<void> {
    await container.remove();
    // The engine may still be about to create one whose creation it has not answered: it is looked for at the end again.
    if (isLast || !container.isDoubtful) this.#containers.delete(container);
  }

  #describe(to: Destination, { container, visit, isBornHere }: Stay, end: () => void): Visit {
    return {
      dial: (order) => {
        const inbox = container.listen(visit);
        // Its own /etc/hosts knows the names on the network that it was born on.
        const address = isBornHere || isIP(to.address) === 0 ? {} : { address: to.address };
        container.send({ order: 'dial', visit, hostnames: to.hostnames, ...address, ...order });
        return inbox;
      },
      release: (key) => container.send({ order: 'release', visit, key }),
      complaint: () => container.complaint,
      end,
    };
  }
}

interface Stay {
  readonly container: ProbeContainer;
  readonly idle: IdleEnd;
  readonly visit: number;
  readonly isBornHere: boolean;
}

/** Whether a start failed for its network's sake, which tells nothing of another network. */
const isOfItsNetwork = (error: unknown): boolean =>
  error instanceof AddressTaken || /network \S+ not found/i.test(String(error));

const isRefusal = (error: unknown): boolean => typeof (error as { statusCode?: unknown }).statusCode === 'number';
