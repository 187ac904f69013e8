import type { CutMode, Slowness } from '../../faults.ts';
import type { Fault } from '../strategy.ts';
import type { Protocol } from '../../types.ts';

/*
 * What the relay's thread is told and what it answers, one message each. A forward is told by its id, a port by its key.
 */

/** A port as it is to be carried. */
export interface RelayPort {
  readonly protocol: Protocol;
  readonly containerPort: number;
  readonly hostPort: number;
  /** Where the service is looked for, in this order, at each connection. */
  readonly hosts: readonly ('127.0.0.1' | '::1')[];
  /** Whoever is not of it is refused. */
  readonly subnet: string;
  /** Of it, but no container's: whoever comes by it is refused, too. */
  readonly gateway: string;
  /** What comes from it is a proof and no hit. */
  readonly probeAddress: string;
  /** Where probes are led at first, on 127.0.0.1. Default: to the service. */
  readonly trial?: number | undefined;
  /** How it is cut from the start. */
  readonly cut?: CutMode | undefined;
  /** How it is slowed from the start. */
  readonly slow?: Slowness | undefined;
}

/** One end of a connection or flow. */
export interface End {
  readonly address: string;
  readonly port: number;
}

/** What came through one port. */
export interface RelayCount {
  readonly attempts: number;
  readonly connections: number;
  readonly packets: number;
  readonly bytes: number;
  readonly proofs: number;
}

interface OfPort {
  readonly forward: string;
  readonly key: string;
}

/** What can be asked of a forward's ports, by whoever may look. */
export type DeskQuestion =
  | { readonly do: 'count'; readonly key: string }
  /** Whether it is listened on. */
  | { readonly do: 'isOpen'; readonly key: string }
  /** What each port did for probes of ours, a pair of its key and that. */
  | { readonly do: 'proofs' }
  /** Who is behind the relay's own end of a connection to a service. */
  | { readonly do: 'callerBehind'; readonly key: string; readonly end: End }
  /** The relay's own end of the connection by which it carries a caller's on. */
  | { readonly do: 'carriedFrom'; readonly key: string; readonly end: End };

export type RelayOrder =
  | (OfPort & { readonly do: 'listen'; readonly address: string; readonly port: RelayPort })
  | (OfPort & { readonly do: 'close' })
  /** Replaces what the one before said. */
  | (OfPort & { readonly do: 'disturb'; readonly fault: Fault })
  | { readonly do: 'ask'; readonly forward: string; readonly question: DeskQuestion }
  /** Listens on a unix socket for what other processes of this user ask of a forward. */
  | { readonly do: 'openDesk'; readonly forward: string; readonly path: string }
  | { readonly do: 'closeDesk'; readonly forward: string }
  /** Listens on a unix socket for a sidecar: its forward's ports are listened on there from then on. */
  | { readonly do: 'openDoor'; readonly forward: string; readonly path: string }
  | { readonly do: 'awaitSidecar'; readonly forward: string }
  /** Answered when the sidecar has reset its callers and is gone. */
  | { readonly do: 'closeDoor'; readonly forward: string }
  /** Where probes are led, by the ports' keys; the others to their services. */
  | { readonly do: 'divert'; readonly forward: string; readonly trials: Readonly<Record<string, number>> };

export interface RelayAnswer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string | undefined; readonly message: string };
}
