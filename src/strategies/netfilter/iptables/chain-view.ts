import type { Hits } from '../../../types.ts';
import { keyOf, type PortMapping, type Proofs } from '../../strategy.ts';
import type { BridgeRulesView } from '../bridge-rules.ts';
import type { TableView } from '../tables/table-view.ts';
import type { ChainLook } from './chain-look.ts';
import { nonceOf } from './rules.ts';
import { byPort, byProbedPort } from './listing.ts';

/** Who guards a bridge whose ports iptables translates, and counts its traffic. */
export interface BridgeGuard {
  hits(ports: readonly PortMapping[]): Promise<Hits[]>;
  isGuarded(): Promise<boolean>;
}

/** Table raw as the guard. */
export class RawGuard implements BridgeGuard {
  readonly #bridge: string;
  readonly #look: ChainLook;

  constructor(bridge: string, look: ChainLook) {
    this.#bridge = bridge;
    this.#look = look.sure;
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    const [raw, nat] = await Promise.all([
      this.#look.counted('raw', this.#bridge),
      this.#look.counted('nat', this.#bridge),
    ]);
    const [traffic, connections] = [byPort(raw), byPort(nat)];
    return ports.map((port) => ({
      // Where nft has no owned tables nobody counts what a service accepts.
      attempts: connections.get(keyOf(port))?.packets ?? 0,
      connections: connections.get(keyOf(port))?.packets ?? 0,
      packets: traffic.get(keyOf(port))?.packets ?? 0,
      bytes: traffic.get(keyOf(port))?.bytes ?? 0,
    }));
  }

  async isGuarded(): Promise<boolean> {
    const [isLed, process] = await Promise.all([
      this.#look.isLed('raw', this.#bridge),
      this.#look.process('raw', nonceOf(this.#bridge)),
    ]);
    return isLed && process.guards;
  }
}

/** Whichever guards a bridge that another process opened. */
export class FoundGuard implements BridgeGuard {
  readonly #owned: TableView;
  readonly #raw: RawGuard;

  constructor(owned: TableView, raw: RawGuard) {
    this.#owned = owned;
    this.#raw = raw;
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    return (await this.#find()).hits(ports);
  }

  async isGuarded(): Promise<boolean> {
    return (await this.#find()).isGuarded();
  }

  /** Who cannot ask nft may find the guard in table raw; where it is not there either, nothing is known. */
  async #find(): Promise<BridgeGuard> {
    try {
      return (await this.#owned.isGuarded()) ? this.#owned : this.#raw;
    } catch (error) {
      if (await this.#raw.isGuarded()) return this.#raw;
      throw error;
    }
  }
}

/** Looks at one bridge whose ports iptables translates, whichever process that is. */
export class ChainView implements BridgeRulesView {
  readonly #bridge: string;
  readonly #look: ChainLook;
  readonly #guard: BridgeGuard;

  constructor(bridge: string, look: ChainLook, guard: BridgeGuard) {
    this.#bridge = bridge;
    this.#look = look.sure;
    this.#guard = guard;
  }

  hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    return this.#guard.hits(ports);
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    const rules = byProbedPort(await this.#look.rules('nat', this.#bridge));
    return new Map([...rules].map(([key, { packets, targetPort = 0 }]) => [key, { packets, targetPort }]));
  }

  async isPresent(port: PortMapping): Promise<boolean> {
    const [isLed, rules, isGuarded] = await Promise.all([
      this.#look.isLed('nat', this.#bridge),
      this.#look.rules('nat', this.#bridge),
      this.#guard.isGuarded(),
    ]);
    return isLed && isGuarded && byPort(rules).has(keyOf(port));
  }
}
