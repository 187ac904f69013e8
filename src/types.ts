import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller, CapturedRequest, RequestMatch } from './captured.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { DockerClient, DockerOptions } from './docker-option.ts';
import type { FaultyPorts } from './faults.ts';

export type { Caller, CapturedRequest, RequestMatch } from './captured.ts';

/** A TCP or UDP port, 1 to 65535; as a host port also 0: a free one on 127.0.0.1 is picked. */
export type Port = number;
export type Protocol = 'tcp' | 'udp';

export interface PortForward {
  /** Where the service listens on the host's loopback; 0 picks a free port. */
  hostPort: Port;
  /** What containers dial. Default: the host port. */
  containerPort?: Port;
  /** Default: `'tcp'`. */
  protocol?: Protocol;
  /** Default: `'127.0.0.1'`, and `'::1'` while only that one listens. A TCP service on ::1 sees ::1 as its caller. */
  hostAddress?: '127.0.0.1' | '::1';
}

export type Ports = Port | PortForward | readonly (Port | PortForward)[];

export const strategyNames = ['nftables', 'iptables', 'relay', 'sidecar', 'tunnel', 'native'] as const;
export type Strategy = (typeof strategyNames)[number];
export const privilegeNames = ['root', 'sudo', 'container', 'none'] as const;
export type Privilege = (typeof privilegeNames)[number];

export interface StrategyReason {
  readonly strategy: Strategy;
  readonly chosen: boolean;
  readonly reason: string;
}

export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

export interface VerifyOptions {
  /** How long one proof may take, in milliseconds. Default: 5000. */
  timeoutMs?: number;
  /** An image with a `node` in it, for engines that cannot mount the host's own. Default: none. */
  image?: string;
}

export interface LocalhostForwardOptions {
  /** Default: `'auto'`, or `LOCALHOST_FORWARD_STRATEGY`. */
  strategy?: 'auto' | Strategy;
  /** Default: `'auto'`, or `LOCALHOST_FORWARD_PRIVILEGE`. */
  privilege?: 'auto' | Privilege;
  /** Prove reachability from a container before the forward is handed over. Default: true. */
  verify?: boolean | VerifyOptions;
  /**
   * Keep an HTTP listener on 127.0.0.1 for the forward's whole lifetime: `true` answers everything with 200 and keeps the requests, see
   * {@link LocalhostForward.nextRequest}; a function answers by itself. Default: false.
   */
  listener?: boolean | RequestListener;
  /**
   * Containers of the network reach the forwarded ports and each other, and nothing else: no other port of this host, no Internet, no
   * IPv6 of this host's, no names but each other's. By `nftables` and `iptables` (with nft beside it). Default: false.
   */
  hermetic?: boolean;
  /**
   * The name containers dial, or several that stand for the same; urls have the first. Default: `'host.docker.internal'`.
   *
   * @example
   * await openLocalhostForward(8088, { hostname: ['host.docker.internal', 'host.testcontainers.internal'] });
   */
  hostname?: string | readonly string[];
  /** CIDR of the network, /16 to /29. Default: a small free one. */
  subnet?: string;
  /** A dockerode instance or its options. Default: `DOCKER_HOST`, the docker context, the socket. */
  docker?: DockerClient | DockerOptions;
  /** Further labels on the network. */
  labels?: Record<string, string>;
  /** Aborts the set-up at any step; whatever was made is undone. */
  signal?: AbortSignal;
}

/** What a proof saw. */
export interface Verification {
  /** One entry per forwarded port. */
  readonly ports: readonly {
    readonly containerPort: Port;
    readonly protocol: Protocol;
    /** What happened: our listener answered its nonce, a service accepted, or nothing listens yet but packets arrive. */
    readonly answer: 'nonce' | 'accepted' | 'sent';
    /**
     * What that was proven by. `nonce`: our own listener answered what only it knows. `connection-at-service`: the forward's own rule
     * translated the probe's packets, and this host's socket table shows the very connection at the service. `translated`: the rule
     * did, and no other rule touched them, but there was no connection to be looked at: the service ends it at once, or has none before
     * it gets data. `rule-present`: the rule, and a socket that takes what it carries, are there; a UDP service is not written to.
     */
    readonly proof: 'nonce' | 'connection-at-service' | 'translated' | 'rule-present';
    /** From the first dial to the answer, in milliseconds. */
    readonly ms: number;
    /** The caller's address as the host saw it, where our listener answered. */
    readonly seenFrom?: string;
  }[];
  /** Accepts that had to be put in a firewall's chain, a sentence each; they go with the forward. */
  readonly accepts: readonly string[];
  /** The whole proof, container start included, in milliseconds. */
  readonly ms: number;
}

export interface Hits {
  /** Connections that were tried, or UDP flows: those that a service refused, or nobody took, among them. */
  readonly attempts: number;
  /** Those of them that a service accepted. */
  readonly connections: number;
  readonly packets: number;
  readonly bytes: number;
}

export type ForwardedPort = Readonly<Required<PortForward>>;

/** What crosses from a global set-up to workers: a plain, serialisable value. */
export interface ForwardHandover {
  readonly id: string;
  readonly networkName: string;
  readonly networkId: string;
  readonly bridgeName: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly hostname: string;
  readonly hostnames: readonly string[];
  readonly strategy: Strategy;
  readonly privilege: Privilege;
  readonly ports: readonly ForwardedPort[];
  readonly extraHosts: readonly string[];
  readonly dockerRunArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** An open forward. Close it, or declare it with `await using`. */
export interface LocalhostForward extends AsyncDisposable, FaultyPorts {
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly bridgeName: string;
  /** CIDR, for example `198.18.3.16/28`. */
  readonly subnet: string;
  /** This network's own gateway, the address that {@link hostname} stands for. */
  readonly gateway: string;
  /** The first of {@link hostnames}. */
  readonly hostname: string;
  /** All names that stand for this host. */
  readonly hostnames: readonly string[];
  readonly strategy: Strategy;
  readonly privilege: Privilege;
  readonly reasons: readonly StrategyReason[];
  readonly ports: readonly ForwardedPort[];
  /** `http://<hostname>:<containerPort>`; without an argument, of the first forwarded TCP port. */
  url(containerPort?: Port): string;
  /** `['host.docker.internal:<gateway>']`, one for each name, as `HostConfig.ExtraHosts` and compose's `extra_hosts` take it. */
  readonly extraHosts: readonly string[];
  /** `['--network', …, '--add-host', …]` */
  readonly dockerRunArgs: readonly string[];
  /** `LOCALHOST_FORWARD_NETWORK`, `_HOST`, `_GATEWAY`, `_URL`. */
  readonly env: Readonly<Record<string, string>>;
  /** Puts a testcontainers builder on the network and gives it the name; returns the same builder. */
  applyTo<C>(container: C): C;
  /** YAML for `docker compose -f compose.yaml -f - up`, on standard input. */
  composeOverride(services: readonly string[]): string;
  /** Adds a port while containers run. */
  forward(port: Port | PortForward): Promise<ForwardedPort>;
  /** Removes a port while containers run. */
  unforward(containerPort: Port, protocol?: Protocol): Promise<void>;
  /**
   * Lets a running container's own `localhost` lead here as well, on all ports that are forwarded now or later: one that has
   * `http://localhost:8088` written into it works untouched. A helper of ours in its network namespace listens there, on 127.0.0.1 and
   * ::1, until it is disposed of or the forward closes; a container that starts again is joined again. Whoever finds no service there is reset.
   *
   * @param container - On this forward's network: its id or name, or what testcontainers started.
   * @throws LHF_ERR_PORT_IN_USE where the container itself listens on such a port; LHF_ERR_RULES where the helper does not start;
   * LHF_ERR_UNSUPPORTED where another process opened the forward; LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * const container = await net.applyTo(new GenericContainer('curlimages/curl')).withEntrypoint(['sleep', '60']).start();
   * await net.joinLocalhost(container);
   * await container.exec(['curl', 'http://localhost:8088']);
   */
  joinLocalhost(container: string | { getId(): string }): Promise<AsyncDisposable>;
  /** What came through, our own proofs left out. Without an argument: all ports together. */
  hits(containerPort?: Port): Promise<Hits>;
  /**
   * Which container made a connection, from the socket, request or address that the service sees. Undefined where no container of this
   * forward's network has that address now, as for one that has ended. `relay` and `sidecar` know it by the socket while it is connected.
   *
   * @throws LHF_ERR_UNSUPPORTED where the strategy hides callers, LHF_ERR_CLOSED.
   * @example
   * server.on('request', async (request) => console.log((await net.callerOf(request))?.name));
   */
  callerOf(from: Socket | IncomingMessage | string): Promise<Caller | undefined>;
  /**
   * What containers asked of the listener that `listener: true` keeps, the oldest first. At most 1000 requests and 64 MiB of bodies are
   * kept, 8 MiB of one. Empty without that option.
   */
  readonly requests: readonly CapturedRequest[];
  /** How many requests came and are not among {@link requests}: older ones, and those whose client went before the end. */
  readonly requestsDropped: number;
  /**
   * The next request that fits, with `listener: true`: the oldest that came before, or the first to come. Each is given once.
   *
   * @throws LHF_ERR_TIMEOUT telling what did come, and whether a container could; LHF_ERR_UNSUPPORTED without `listener: true`, and where
   * another process opened the forward; LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * await using net = await openLocalhostForward(0, { listener: true });
   * const { json } = await net.nextRequest({ method: 'POST', path: '/orders' });
   */
  nextRequest(match?: RequestMatch): Promise<CapturedRequest>;
  /** Proves reachability from a container. */
  verify(options?: VerifyOptions & { port?: Port }): Promise<Verification>;
  /** Dials from a container and tells what happened, hop by hop. Never throws for a forward that does not work. */
  diagnose(options?: VerifyOptions & { port?: Port }): Promise<Diagnosis>;
  /** Removes everything. Idempotent; every rule is gone when it resolves. */
  close(): Promise<void>;
  /** The part that a global set-up hands to workers. */
  toJSON(): ForwardHandover;
}
