import type { Engine } from '../engine/engine.ts';
import type { EngineFacts } from '../engine/facts.ts';
import type { HostFacts } from '../host/facts.ts';
import type { Endpoint } from '../host/sockets.ts';
import type { Network } from '../network/network.ts';
import type { Names } from '../ownership/names.ts';
import type { Session } from '../ownership/session.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { CutMode, Slowness } from '../faults.ts';
import type { Hits, Protocol, Strategy as StrategyName } from '../types.ts';
import type { LeftoverKind } from './leftover-kind.ts';
import type { PacketWatch, Place } from './packets.ts';
import type { Told } from './told.ts';

export type { Network };

/** What tells one port of a network from another. */
export interface PortKey {
  readonly protocol: Protocol;
  readonly containerPort: number;
}

/** One port's key in maps and listings. */
export const keyOf = ({ protocol, containerPort }: PortKey): string => `${protocol}/${containerPort}`;

/** What is wrong with a port, on purpose. */
export interface Fault {
  readonly cut?: CutMode | undefined;
  readonly slow?: Slowness | undefined;
}

/** A forwarded port as it is mapped: what a container dials, and what of the host's loopback stands for it. */
export interface PortMapping extends PortKey {
  /** The service's own port. */
  readonly hostPort: number;
  readonly hostAddress: '127.0.0.1' | '::1';
  /** Where on 127.0.0.1 packets go: the service's own port, or that of the relay in front of a service on ::1. */
  readonly targetPort: number;
  /** The user named neither loopback address: whichever the service listens on now is meant, as far as what carries to it can tell. */
  readonly eitherLoopback?: boolean;
}

/** What a route is told before its network exists. */
export interface RoutePlan {
  readonly names: Names;
  readonly ports: readonly PortMapping[];
  /** The network's, unless the engine refuses it. */
  readonly subnet: string;
  /** Ports that lead elsewhere for probes at first: see {@link Route.divertProbes}. */
  readonly trials: readonly PortMapping[];
  /** The names that containers dial. */
  readonly hostnames: readonly string[];
  /** Whether containers reach nothing but the forwarded ports and each other. */
  readonly isHermetic: boolean;
  /** To be called when whoever outlives this process knows of the bridge: the engine is asked for its network from then on. */
  readonly onSent: () => void;
}

/** A forward that another process opened. */
export interface OpenedElsewhere {
  readonly names: Names;
  readonly gateway: string;
  /** The address that probes of ours have on its network. */
  readonly probeAddress: string;
}

/** What a route works with. */
export interface Tools {
  readonly session: Session;
  readonly engine: Engine;
  readonly privileges: Privileges;
  readonly host: HostFacts;
  /** Where all is to be told and nothing done. Default: it is done. */
  readonly told?: Told;
}

/** What the choice of a strategy looks at. */
export interface Facts {
  readonly host: HostFacts;
  readonly engine: EngineFacts;
}

/** Why a strategy cannot work here, and what would mend that. */
export interface Obstacle {
  readonly what: string;
  readonly advice?: string;
}

/** One way to carry bytes from a throwaway network to the host's loopback. */
export interface Strategy {
  readonly name: StrategyName;
  /** Whether it needs somebody who may change the kernel. */
  readonly needsPrivilege: boolean;
  readonly carries: readonly Protocol[];
  /** Containers of its network reach the forwarded ports of the host's loopback and no others, and nobody else reaches those. */
  readonly confines: boolean;
  /** Pure. */
  obstacle(facts: Facts): Obstacle | undefined;
  /** What keeps it from closing all else to containers of its network. Left out where it can never, since it has no rules. Pure. */
  obstacleToHermetic?(facts: Facts): Obstacle | undefined;
  /** Why it may not work after all, so that it is chosen only where it is asked for. Pure. */
  doubt?(facts: Facts): Obstacle | undefined;
  /** What speaks for it here, in a few words. Pure. */
  describe(facts: Facts): string;
  /** Asks what an opening would find out at its start, and changes nothing. Resolves to what stands in its way after all. */
  rehearse?(tools: Tools): Promise<Obstacle | undefined>;
  /**
   * Begins before the network exists, and beside its creation. A failure leaves nothing.
   *
   * @throws LHF_ERR_RULES, LHF_ERR_PORT_IN_USE
   */
  open(plan: RoutePlan, tools: Tools): Promise<Route>;
  /** Looks at what another process opened, and changes nothing. */
  attach(forward: OpenedElsewhere, tools: Tools): RouteView;
  /** What a run of it can leave, beside networks and containers. */
  readonly leftovers: readonly LeftoverKind[];
}

/** What can be asked of a route, by its owner and by others. */
export interface RouteView {
  /** What came through for each port, our own probes left out. */
  hits(ports: readonly PortMapping[]): Promise<Hits[]>;
  /** Whether what carries this port is there now, asked of the kernel and not of what this process believes. */
  inspect(port: PortMapping): Promise<RouteEvidence>;
  /** What each port's translation did for probes of ours, by {@link keyOf}. */
  proofs(): Promise<ReadonlyMap<string, Proofs>>;
  /** Whether it accepts connections itself and then makes others to the service: an accepted one tells nothing of the service yet. */
  readonly isRelay: boolean;
  /**
   * Where nothing of ours sees what is carried: a listener of ours on the host's loopback that probes dial in place of each port, for
   * what reaches one port of it reaches all.
   */
  readonly beacon?: { readonly port: number; readonly nonce: string };
  /** False where it does not need the engine's bridges on this host, so that it is nothing against it that they are elsewhere. */
  readonly isOfHost?: false;
  /** Whether it carried a connection of a probe's, by its address and port there, to the very service: where no socket of this host shows it. */
  sawProbe?(from: { readonly address: string; readonly port: number }, port: PortMapping): boolean;
  /** Where on this host a carried connection is seen: its own end of what the container dialled. Undefined: nowhere. */
  landingOf(port: PortMapping): Endpoint | undefined;
  /** By whom it accepts itself: its own end of the connection by which it carries a caller's on to the service, while there is one. */
  carriedFrom?(port: PortMapping, from: Endpoint): Promise<Endpoint | undefined>;
  /** True where services are shown nothing of who called, and nobody here knows. */
  readonly hidesCallers?: true;
  /** The other way round: the caller behind an end that a service sees. */
  callerBehind?(port: PortMapping, end: Endpoint): Promise<Endpoint | undefined>;
  /** Follows what probes send for a port. One at a time on a bridge. */
  watchPackets(port: PortMapping): Promise<PacketWatch>;
}

/** What one port's translation did for probes of ours. */
export interface Proofs {
  /** Connections, or UDP flows, that it carried. */
  readonly packets: number;
  /** The port of the host's loopback that it leads to. */
  readonly targetPort: number;
  /** Probes that a carrier took in, also where it could carry them nowhere. */
  readonly probesSeen?: number | undefined;
  /** Those of them that its service did not let in. */
  readonly probesRefused?: number | undefined;
}

export interface RouteEvidence {
  /** Undefined where it cannot be looked at, which {@link unseen} tells of in a sentence. */
  readonly isPresent: boolean | undefined;
  readonly unseen?: string;
  /** What of ours is gone for good, a sentence: no repair brings it back. */
  readonly lost?: string;
  /** Undefined where the strategy does not need it, or the bridge is gone. */
  readonly routeLocalnet: boolean | undefined;
}

/** Lets what was translated for us pass a firewall, by one marked accept a chain; they go with the route. */
export interface FirewallPass {
  /** Passes the chain that dropped a packet: undefined where no trace told it. Tells what was done, or why it failed. */
  passDrop(drop: Place | undefined): Promise<{ readonly done: string } | { readonly failure: string }>;
  /** The same where no packet told anything: chains whose policy drops what they do not name. Tells what was done, a sentence each. */
  passPolicies(): Promise<readonly string[]>;
}

/** One forward's bytes, under way. */
export interface Route extends RouteView {
  /**
   * Opens it for the network, which exists now. What comes from the probes' address is no hit from then on. Resolves to the address that
   * the host's name stands for; `host-gateway` where the engine knows it, or the name itself where the engine resolves that.
   */
  connect(network: Network): Promise<{ address: string }>;
  add(port: PortMapping): Promise<void>;
  /** Where a port cannot be taken back, none is added before it is known where its service listens. */
  readonly takesBack?: false;
  /** What is established goes no further, either. */
  remove(port: PortMapping): Promise<void>;
  /** Disturbs a port as its user asked for: replaces what the call before said, and goes with the port. @throws LHF_ERR_UNSUPPORTED */
  disturb(port: PortMapping, fault: Fault): Promise<void>;
  /**
   * Leads these ports elsewhere for probes of ours: to listeners of ours, where the user's services do not listen yet. Each call replaces
   * what the one before said.
   */
  divertProbes(trials: readonly PortMapping[]): Promise<void>;
  /** Where a firewall can stand in the way and be passed. */
  readonly firewall?: FirewallPass;
  /** Puts back what somebody else took away, and tells whether anything was missing. */
  repair(): Promise<boolean>;
  /**
   * Takes everything away, around the removal of the network: the strategy knows what has to stand until that is gone.
   * Tried again, it does what is left.
   */
  close(removeNetwork: () => Promise<void>): Promise<void>;
}
