import type { Names } from '../plan/names.ts';
import type { Hits, Protocol } from '../types.ts';

/** One port as rules see it: what a container dials, and which port of 127.0.0.1 stands for it. */
export interface Translation {
  readonly protocol: Protocol;
  readonly containerPort: number;
  /** The service's own port, or that of the relay in front of a service on ::1. */
  readonly targetPort: number;
}

/** What a strategy is told: one bridge, and who made it. */
export interface RulesPlan {
  readonly names: Names;
  /** The owner's session word, part of every mark. */
  readonly session: string;
  readonly ports: readonly Translation[];
}

/** What one port's translation did for our own probe. */
export interface Proofs {
  /** First packets of a connection, or of a UDP flow, that it translated. */
  readonly packets: number;
  /** The port of 127.0.0.1 that it leads to. */
  readonly targetPort: number;
}

/** The rules of one bridge, in place. */
export interface InstalledRules {
  /** Adds one port's translation while containers run. */
  add(port: Translation): Promise<void>;
  /** Takes one port's translation away. */
  remove(port: Translation): Promise<void>;
  /** What came through for one port, our own proofs left out. */
  hits(port: Translation): Promise<Hits>;
  /** What each port's translation counted of our own proofs, by {@link keyOf}, and where it leads, asked of the kernel. */
  proofs(): Promise<ReadonlyMap<string, Proofs>>;
  /** Whether the translation of this port and the guard are there now, asked of the kernel. */
  isPresent(port: Translation): Promise<boolean>;
  /** Puts back what somebody else took away, and tells whether anything was missing. */
  restore(): Promise<boolean>;
  /** Takes translations and guard away: `route_localnet` must be off by then, or the bridge gone. Idempotent. */
  release(): Promise<void>;
}

/** What can be asked of rules that another process put in. */
export type AttachedRules = Pick<InstalledRules, 'hits' | 'proofs' | 'isPresent' | 'restore'>;

/** One way to carry bytes from a bridge to the host's loopback. */
export interface RulesStrategy {
  readonly name: 'nftables' | 'iptables';
  /**
   * Puts guard and translations in for a bridge, which need not exist yet. Halfway failures leave nothing.
   *
   * @throws LHF_ERR_RULES with the program's own words.
   */
  install(plan: RulesPlan): Promise<InstalledRules>;
  /** Looks at a bridge's rules that are somebody else's; puts nothing back. */
  attach(names: Names): AttachedRules;
}

/** One port's key in maps and listings. */
export const keyOf = (port: { protocol: Protocol; containerPort: number }): string =>
  `${port.protocol}/${port.containerPort}`;
