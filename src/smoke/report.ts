import type { Diagnosis } from '../diagnosis.ts';
import type { Privilege, Strategy } from '../types.ts';

/** One step of a smoke check. */
export interface SmokeStep {
  readonly name: string;
  readonly ok: boolean;
  /** How long it took, in milliseconds. */
  readonly ms: number;
  /** What was seen, in one line. */
  readonly detail: string;
}

/** Something that carries this run's mark and should be gone. */
export interface Trace {
  readonly kind: 'network' | 'container' | 'interface' | 'nftables' | 'iptables';
  readonly name: string;
}

/** Why a check failed. */
export interface SmokeFailure {
  /** An error's code, or none where a step's own expectation failed. */
  readonly code?: string;
  /** One line. */
  readonly message: string;
  readonly evidence: readonly string[];
  /** One command, or one thing to do. */
  readonly try?: string;
  /** The address of the page that explains it. */
  readonly docs?: string;
  readonly diagnosis?: Diagnosis;
}

/** What one strategy's check saw. */
export interface SmokeRun {
  readonly ok: boolean;
  /** Null where none could be chosen. */
  readonly strategy: Strategy | null;
  readonly privilege: Privilege | null;
  /** Null where none answered. */
  readonly engine: { readonly name: string; readonly version: string } | null;
  readonly steps: readonly SmokeStep[];
  /** Empty when clean. */
  readonly leftovers: readonly Trace[];
  readonly failure?: SmokeFailure;
}

/** What `smoke --json` prints. With `--strategy all`, `runs` has each strategy's own, and the rest is all of them together. */
export interface SmokeReport extends Omit<SmokeRun, 'strategy'> {
  readonly strategy: Strategy | 'all' | null;
  readonly runs?: readonly SmokeRun[];
}
