import type { Names } from '../ownership/names.ts';
import type { Network, PortMapping, Route, RouteView, Tools } from '../strategies/strategy.ts';
import type { CutMode } from '../faults.ts';
import type { Endpoint } from '../host/sockets.ts';
import type { Strategy } from '../types.ts';
import type { ProbeHold } from './probe-hold.ts';

/** A mapped port with what a proof may find there. */
export interface ProbedPort extends PortMapping {
  /** What our own temporary listener answers that probes are led to, while there is one. */
  readonly nonce: string | undefined;
  /** Where on 127.0.0.1 that listener stands, where it is not the port itself. */
  readonly trialPort?: number | undefined;
  /** Where a relay of ours is before a service on ::1: the caller behind an end that the service sees. */
  readonly callerBehind?: ((end: Endpoint) => Endpoint | undefined) | undefined;
  /** How its user has cut it, where that is known here. */
  readonly cut?: CutMode | undefined;
  /** The process that may bring it back, where that is another one. */
  readonly cutBy?: number | undefined;
}

/** What a proof or a diagnosis needs to know of an open forward. */
export interface ProofContext {
  readonly tools: Tools;
  readonly strategy: Strategy;
  readonly names: Names;
  readonly network: Network;
  /** What the host's name stands for on the network. */
  readonly address: string;
  readonly hostname: string;
  readonly hostnames: readonly string[];
  readonly route: RouteView & Pick<Partial<Route>, 'firewall'>;
  /** The ports as they are now. */
  ports(): readonly ProbedPort[];
  /** `adapt`: a firewall in the way is passed by one marked accept. `leave`: it is named and left alone. */
  readonly firewall: 'adapt' | 'leave';
  /** Accepts of ours in somebody's chain, a sentence each. */
  readonly accepts: Set<string>;
  /** The forward's part in its session's probe. */
  readonly probe: ProbeHold;
}

/** A UDP service of the user's is never written to, and there is no other way to ask one. */
export const isDialled = ({ protocol, nonce }: ProbedPort): boolean => protocol === 'tcp' || nonce !== undefined;

/** Where what a probe sends for the port goes. */
export const asProbed = (port: ProbedPort): PortMapping => ({
  ...port,
  targetPort: port.trialPort ?? port.targetPort,
});
