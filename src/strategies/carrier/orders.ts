import type { CutMode } from '../../faults.ts';
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
  /** What comes from it is a proof and no hit. */
  readonly probeAddress: string;
  /** Where probes are led at first, on 127.0.0.1. Default: to the service. */
  readonly trial?: number | undefined;
  /** How it is cut from the start. */
  readonly cut?: CutMode | undefined;
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

export type RelayOrder =
  | (OfPort & { readonly do: 'listen'; readonly address: string; readonly port: RelayPort })
  | (OfPort & { readonly do: 'close' })
  | (OfPort & { readonly do: 'count' })
  /** Replaces what the one before said. */
  | (OfPort & { readonly do: 'disturb'; readonly cut: CutMode | undefined })
  /** Who is behind the relay's own end of a connection to a service. */
  | (OfPort & { readonly do: 'callerBehind'; readonly end: End })
  /** The relay's own end of the connection by which it carries a caller's on. */
  | (OfPort & { readonly do: 'carriedFrom'; readonly end: End })
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
