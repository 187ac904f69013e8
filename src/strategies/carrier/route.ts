import { debug } from '../../command/debug.ts';
import { headlineOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import type { Strategy as StrategyName } from '../../types.ts';
import {
  keyOf,
  type Fault,
  type Network,
  type PortMapping,
  type Route,
  type RoutePlan,
  type RouteView,
  type Tools,
} from '../strategy.ts';
import { makeSocketFolder, removeFolder, socketIn } from './folders.ts';
import type { DeskQuestion, RelayOrder, RelayPort } from './orders.ts';
import { cannotListen, networkGone } from './refusals.ts';
import type { RelayThread } from './relay-thread.ts';
import { CarriedView } from './view.ts';

/** Where containers dial, and what stands there. */
export interface Front {
  readonly strategy: StrategyName;
  /**
   * Opens it on the network. Resolves to the address that containers dial. Undone by `close`, also where it failed.
   *
   * @param folder - For its sockets; undefined where none could be made.
   * @param onLost - Called where somebody else took it once it was open.
   */
  open(network: Network, folder: string | undefined, onLost: () => void): Promise<{ address: string; place: Place }>;
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

/** How many times in a forward's life what was taken is put back without being asked for. */
const mostMended = 5;

/** A forward whose bytes a thread of this process carries, whatever stands in front. */
export class CarriedRoute extends CarriedView implements Route {
  readonly #forward: string;
  readonly #front: Front;
  readonly #thread: RelayThread;
  readonly #ports: Map<string, PortMapping>;
  readonly #faults = new Map<string, Fault>();
  /** In which of the thread's lives each port was opened. */
  readonly #lives = new Map<string, number>();
  #trials: Readonly<Record<string, number>>;
  #opened: { readonly network: Network; readonly place: Place } | undefined;
  readonly #tools: Pick<Tools, 'session' | 'told'>;
  #folder: string | undefined;
  #repairing: Promise<boolean> | undefined;
  #mended = 0;
  #isClosing = false;
  #isHeld = true;

  constructor({ names, ports, trials }: RoutePlan, tools: Tools, front: Front, thread: RelayThread) {
    super(
      // Of what a lost thread knew nothing is known.
      async (question) =>
        this.#isCarried(question) ? thread.ask({ do: 'ask', forward: names.bridge, question }) : undefined,
      (port) => front.landingOf(port),
    );
    this.#tools = tools;
    this.#forward = names.bridge;
    this.#trials = trialsOf(trials);
    this.#front = front;
    this.#thread = thread;
    this.#ports = new Map(ports.map((port) => [keyOf(port), port]));
    thread.hold();
  }

  async connect(network: Network): Promise<{ address: string }> {
    const address = await this.#open(network);
    // All of them have listened or failed before anything is undone.
    const listening = await Promise.allSettled([...this.#ports.values()].map((port) => this.#listen(port)));
    const failed = listening.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { address };
  }

  async add(port: PortMapping): Promise<void> {
    await this.#repairing?.catch(ignore);
    await this.#listen(port);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: PortMapping): Promise<void> {
    await this.#repairing?.catch(ignore);
    const key = keyOf(port);
    this.#ports.delete(key);
    this.#faults.delete(key);
    if (this.#isThere(key)) await this.#thread.ask({ do: 'close', forward: this.#forward, key });
    this.#lives.delete(key);
  }

  async disturb(port: PortMapping, fault: Fault): Promise<void> {
    await this.#repairing?.catch(ignore);
    const key = keyOf(port);
    if (this.#opened !== undefined && this.#isThere(key)) {
      const { place } = this.#opened;
      await this.#thread.ask({ do: 'disturb', forward: this.#forward, key, fault }).catch((error: unknown) => {
        throw cannotListen(this.#front.strategy, place, port, error);
      });
    }
    // One whose thread was lost is listened on with it by the next repair.
    this.#faults.set(key, fault);
  }

  async divertProbes(trials: readonly PortMapping[]): Promise<void> {
    this.#trials = trialsOf(trials);
    await this.#thread.ask({ do: 'divert', forward: this.#forward, trials: this.#trials });
  }

  /** Nobody but this process can take its sockets; but its thread may have ended, and a container be removed by anybody. */
  repair(): Promise<boolean> {
    return (this.#repairing ??= this.#repair().finally(() => (this.#repairing = undefined)));
  }

  async #repair(): Promise<boolean> {
    if (this.#opened !== undefined && (!this.#front.isOpen || this.#isThreadLost())) {
      this.#lives.clear();
      await this.#shut();
      await this.#open(this.#opened.network);
    }
    const lost = [...this.#ports.values()].filter((port) => !this.#isThere(keyOf(port)));
    await Promise.all(lost.map((port) => this.#listen(port)));
    return lost.length > 0;
  }

  /** As soon as it is known, and not for ever: what is killed again and again is not ours to fight for. */
  async #mend(): Promise<void> {
    if (this.#isClosing || this.#mended === mostMended) return;
    this.#mended += 1;
    const outcome = await this.repair().then(
      () => 'it is back, and what was established is not',
      (error: Error) => `it could not be put back: ${headlineOf(error)}`,
    );
    if (this.#isClosing) return;
    process.emitWarning(printable(`somebody took the ${this.#front.strategy} of ${this.#forward} away; ${outcome}`), {
      type: 'LocalhostForwardWarning',
      code: 'LHF_WARN_RULES',
    });
  }

  async close(removeNetwork: () => Promise<void>): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#ports.values()].map((port) => this.remove(port)));
    await this.#shut();
    await removeNetwork();
    await this.#front.forget();
    if (this.#isHeld) this.#thread.release();
    this.#isHeld = false;
  }

  async #open(network: Network): Promise<string> {
    // Without it, other processes cannot ask; it is the sidecar alone that cannot do without.
    const { session, told } = this.#tools;
    this.#folder = await makeSocketFolder(this.#forward, session.word, told).catch(ignore);
    const { address, place } = await this.#front.open(network, this.#folder, () => void this.#mend());
    if (this.#folder !== undefined)
      await this.#thread
        .ask({ do: 'openDesk', forward: this.#forward, path: socketIn(this.#folder, 'desk') })
        .catch(ignore);
    this.#opened = { network, place };
    return address;
  }

  async #shut(): Promise<void> {
    await this.#front.close();
    if (this.#folder === undefined) return;
    // A thread that ends meanwhile takes the desk along.
    if (!this.#thread.isLost) await this.#thread.ask({ do: 'closeDesk', forward: this.#forward }).catch(ignore);
    await removeFolder(this.#folder, this.#tools.told);
    this.#folder = undefined;
  }

  async #listen(port: PortMapping): Promise<void> {
    if (this.#opened === undefined) return;
    const { network, place } = this.#opened;
    const key = keyOf(port);
    const plan = { ...planOf(port, network), trial: this.#trials[key], ...this.#faults.get(key) };
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

  #isCarried(question: DeskQuestion): boolean {
    return 'key' in question ? this.#isThere(question.key) : !this.#isThreadLost();
  }
}

const ignore = (error: unknown): undefined => debug(`relay: ${String(error)}`) as undefined;

const trialsOf = (trials: readonly PortMapping[]): Record<string, number> =>
  Object.fromEntries(trials.map((port) => [keyOf(port), port.targetPort]));

const planOf = (port: PortMapping, { subnet, gateway, probeAddress }: Network): RelayPort => {
  const { protocol, containerPort, hostPort, hostAddress } = port;
  const other = hostAddress === '::1' ? '127.0.0.1' : '::1';
  const hosts = port.eitherLoopback === true ? ([hostAddress, other] as const) : [hostAddress];
  return { protocol, containerPort, hostPort, hosts, subnet, gateway, probeAddress };
};

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL';
