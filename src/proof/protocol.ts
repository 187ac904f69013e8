/*
 * What a probe is told and what it says, a line of JSON each. It visits several networks at once: each order and each event names the
 * visit that it belongs to. Where its standard input ends, it ends.
 */

export type ProbeOrder = DialOrder | ReleaseOrder | EndOrder;

/** Dials each target until it is answered or time is up. */
export interface DialOrder {
  readonly order: 'dial';
  readonly visit: number;
  readonly hostnames: readonly string[];
  /** What they stand for; left out, the container's own resolver is asked for each, and must answer the same. */
  readonly address?: string;
  /** How long it dials, in milliseconds. */
  readonly timeoutMs: number;
  readonly targets: readonly ProbeTarget[];
}

export interface ProbeTarget {
  readonly key: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly path?: string;
  readonly nonce?: string;
  /** Something listens there, so a refusal is no answer: somebody else refuses. */
  readonly insist: boolean;
}

/** Closes the connection that it holds. */
export interface ReleaseOrder {
  readonly order: 'release';
  readonly visit: number;
  readonly key: string;
}

/** Stops dialling and closes everything; it says `left` when that is done. */
export interface EndOrder {
  readonly order: 'end';
  readonly visit: number;
}

/** `quiet` or `rejected` at the first dial that nobody answers, and once for each target how it ended. */
export interface ProbeEvent {
  readonly visit: number;
  readonly key: string;
  readonly event: 'nonce' | 'accepted' | 'refused' | 'foreign' | 'quiet' | 'rejected' | 'timeout' | 'unresolved';
  /** Since the first dial, in milliseconds. */
  readonly ms: number;
  readonly address?: string;
  /** The probe's own end of the connection that was accepted, which it holds until it is told to release it. */
  readonly from?: { readonly address: string; readonly port: number };
  readonly seenFrom?: string;
  readonly error?: string;
}

/** Nothing of a visit is open any more. */
export interface ProbeLeft {
  readonly visit: number;
  readonly event: 'left';
}

/** Whether that was the last word on a target. */
export const isEnd = ({ event }: ProbeEvent): boolean => event !== 'quiet' && event !== 'rejected';
