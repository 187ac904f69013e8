import type { Engine } from '../engine/engine.ts';
import type { Names } from '../plan/names.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { InstalledRules, Translation } from '../strategies/strategy.ts';
import type { ForwardedPort, Strategy } from '../types.ts';

/** A forwarded port with what stands behind it. */
export interface ProbedPort extends ForwardedPort, Translation {
  /** What our own temporary listener on it answers, while there is one. */
  readonly nonce: string | undefined;
}

/** What a proof or a diagnosis needs to know of an open forward. */
export interface ProbeContext {
  readonly engine: Engine;
  readonly privileges: Privileges;
  readonly strategy: Strategy;
  readonly names: Names;
  /** The mark's session word. */
  readonly session: string;
  readonly networkId: string;
  readonly gateway: string;
  readonly hostname: string;
  readonly rules: Pick<InstalledRules, 'isPresent' | 'proofs'>;
  /** The ports as they are now. */
  ports(): readonly ProbedPort[];
  /** `adapt`: a firewall in the way is passed by one marked accept. `leave`: it is named and left alone. */
  readonly firewall: 'adapt' | 'leave';
  /** Accepts of ours in somebody's chain, a sentence each. */
  readonly accepts: Set<string>;
  /** Remembers how to undo what a proof had to add (an accept in somebody's chain). */
  onAdded(what: string, undo: () => Promise<void>): void;
}
