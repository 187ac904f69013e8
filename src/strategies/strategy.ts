import type { Names } from '../plan/names.ts';
import type { ForwardedPort, Hits, Protocol } from '../types.ts';

/** What a strategy is told: one bridge, and who made it. */
export interface RulesPlan {
  readonly names: Names;
  /** The owner's session word, part of every mark. */
  readonly session: string;
  readonly ports: readonly ForwardedPort[];
}

/** The rules of one bridge, in place. */
export interface InstalledRules {
  /** Adds one port's translation while containers run. */
  add(port: ForwardedPort): Promise<void>;
  /** Takes one port's translation away. */
  remove(port: ForwardedPort): Promise<void>;
  /** What came through for one port, our own proofs left out. */
  hits(port: ForwardedPort): Promise<Hits>;
  /** Whether the translation of this port and the guard are there now, asked of the kernel. */
  isPresent(port: ForwardedPort): Promise<boolean>;
  /** Takes translations and guard away: `route_localnet` must be off by then, or the bridge gone. Idempotent. */
  release(): Promise<void>;
}

/** One way to carry bytes from a bridge to the host's loopback. */
export interface RulesStrategy {
  readonly name: 'nftables' | 'iptables';
  /**
   * Puts guard and translations in for a bridge, which need not exist yet. Halfway failures leave nothing.
   *
   * @throws LHF_ERR_RULES with the program's own words.
   */
  install(plan: RulesPlan): Promise<InstalledRules>;
}

/** One port's key in maps and listings. */
export const keyOf = (port: { protocol: Protocol; containerPort: number }): string => `${port.protocol}/${port.containerPort}`;
