import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Caller, CapturedRequest, RequestMatch } from './captured.ts';
import type { Diagnosis } from './diagnosis.ts';
import type { DockerClient, DockerOptions } from './docker-option.ts';
import type { FaultyPorts } from './faults.ts';
import type { ForwardedPort, Port, PortForward, Protocol } from './port-forward.ts';
import type { Hits, Verification, VerifyOptions } from './verification.ts';

export type { Caller, CapturedRequest, RequestMatch } from './captured.ts';
export type { ForwardedPort, Port, PortForward, Ports, Protocol } from './port-forward.ts';
export type { Hits, Verification, VerifyOptions } from './verification.ts';

export const strategyNames = ['nftables', 'iptables', 'relay', 'sidecar', 'tunnel', 'native'] as const;
/** How bytes travel from a container to the service: the README has a table of them. */
export type Strategy = (typeof strategyNames)[number];
export const privilegeNames = ['root', 'sudo', 'container', 'none'] as const;
/** By whom the kernel is changed: this process as root, `sudo`, a helper container, or nobody. */
export type Privilege = (typeof privilegeNames)[number];

/** Why a strategy was chosen, or not. */
export interface StrategyReason {
  readonly strategy: Strategy;
  readonly chosen: boolean;
  readonly reason: string;
}

/** Answers the requests that containers send to a forward's own listener, as of `http.createServer()`. */
export type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

/** All that can be said of a forward besides its ports; each has a default. */
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
  /**
   * CIDR of the network, /16 to /29. The last address is our probes': a container that has it, as the last one that there is room for, is not
   * counted among the hits. Default: a free /27, of which 14 containers have addresses and never that one.
   */
  subnet?: string;
  /** A dockerode instance or its options. Default: `DOCKER_HOST`, the docker context, the socket. */
  docker?: DockerClient | DockerOptions;
  /** Further labels on the network. */
  labels?: Record<string, string>;
  /** Aborts the set-up at any step; whatever was made is undone. */
  signal?: AbortSignal;
}

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
  /** How it was proven, for those who prove it again. Older versions leave it out. */
  readonly verify?: { readonly timeoutMs: number; readonly image?: string };
}

/** An open forward. Close it, or declare it with `await using`. */
export interface LocalhostForward extends AsyncDisposable, FaultyPorts {
  readonly id: string;
  readonly networkId: string;
  readonly networkName: string;
  readonly bridgeName: string;
  /** CIDR, for example `198.18.3.32/27`. */
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
  /**
   * `http://<hostname>:<containerPort>`; without an argument, of the first forwarded TCP port.
   *
   * @throws LHF_ERR_INVALID_OPTION where that port is not forwarded.
   * @example
   * const address = `${net.url()}/orders`; // 'http://host.docker.internal:8088/orders'
   */
  url(containerPort?: Port): string;
  /** `['host.docker.internal:<gateway>']`, one for each name, as `HostConfig.ExtraHosts` and compose's `extra_hosts` take it. */
  readonly extraHosts: readonly string[];
  /** `['--network', …, '--add-host', …]` */
  readonly dockerRunArgs: readonly string[];
  /** `LOCALHOST_FORWARD_NETWORK`, `_HOST`, `_GATEWAY`, `_PORTS` (`8088:80,5353:53/udp`, the host's first), and `_URL` of the first TCP port. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Puts a testcontainers builder on the network and gives it the name; returns the same builder.
   *
   * @throws LHF_ERR_INVALID_OPTION for what is no such builder, or is on another network already; LHF_ERR_CLOSED.
   * @example
   * const container = await net.applyTo(new GenericContainer('curlimages/curl')).withCommand(['curl', net.url()]).start();
   */
  applyTo<C>(container: C): C;
  /**
   * YAML for `docker compose -f compose.yaml -f - up`, on standard input.
   *
   * @param services - Those that join the network; they stay on their own as well.
   * @throws LHF_ERR_INVALID_OPTION for what cannot be a service's name; LHF_ERR_CLOSED.
   * @example
   * spawnSync('docker', ['compose', '-f', 'compose.yaml', '-f', '-', 'up', '-d'], { input: net.composeOverride(['web']) });
   */
  composeOverride(services: readonly string[]): string;
  /**
   * Adds a port while containers run.
   *
   * @throws LHF_ERR_INVALID_OPTION, also for a port that is forwarded already, and where another process opened the forward;
   * LHF_ERR_PORT_IN_USE; LHF_ERR_RULES; LHF_ERR_CLOSED.
   * @example
   * const { containerPort } = await net.forward({ hostPort: 9090, containerPort: 80 });
   */
  forward(port: Port | PortForward): Promise<ForwardedPort>;
  /**
   * Removes a port while containers run; what they hold open by it goes no further.
   *
   * @param protocol - Default: `'tcp'`.
   * @throws LHF_ERR_INVALID_OPTION where it is not forwarded, or another process opened the forward; LHF_ERR_RULES; LHF_ERR_CLOSED.
   * @example
   * await net.unforward(80);
   */
  unforward(containerPort: Port, protocol?: Protocol): Promise<void>;
  /**
   * Lets a running container's own `localhost` lead here as well, on all ports that are forwarded now or later: one that has
   * `http://localhost:8088` written into it works untouched. A helper of ours in its network namespace listens there, on 127.0.0.1 and
   * ::1, until it is disposed of or the forward closes; a container that has started again can be joined again. Whoever finds no service there is reset.
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
  /**
   * What came through, our own proofs left out. Without an argument: all ports together.
   *
   * @throws LHF_ERR_INVALID_OPTION where that port is not forwarded; LHF_ERR_RULES where nobody counts any more; LHF_ERR_UNSUPPORTED
   * where another process opened it by `tunnel` or `native`; LHF_ERR_CLOSED.
   * @example
   * const { connections, bytes } = await net.hits(8088);
   */
  hits(containerPort?: Port): Promise<Hits>;
  /**
   * Which container made a connection, from the socket, request or address that the service sees. Undefined where no container of this
   * forward's network has that address now, as for one that has ended. `relay`, `sidecar` and `tunnel`, and each strategy before a service
   * on ::1, know it by the socket while it is connected: there an address without its port tells nobody.
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
  /**
   * Proves reachability from a container, and puts back what somebody else took of the rules.
   *
   * @param options - `port` is a container port. Default: all that are forwarded.
   * @throws LHF_ERR_UNREACHABLE with a diagnosis; LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * const { ports, ms } = await net.verify({ timeoutMs: 2000 });
   */
  verify(options?: VerifyOptions & { port?: Port }): Promise<Verification>;
  /**
   * Dials from a container and tells what happened, hop by hop. Never throws for a forward that does not work.
   *
   * @param options - `port` is a container port. Default: the first that does not work, or the first.
   * @throws LHF_ERR_INVALID_OPTION; LHF_ERR_CLOSED.
   * @example
   * console.log(renderDiagnosis(await net.diagnose()));
   */
  diagnose(options?: VerifyOptions & { port?: Port }): Promise<Diagnosis>;
  /**
   * Removes everything. Idempotent; every rule is gone when it resolves.
   *
   * @throws LHF_ERR_CLOSE naming what is left, and the command that removes it.
   * @example
   * await net.close();
   */
  close(): Promise<void>;
  /**
   * The part that a global set-up hands to workers, for `joinLocalhostForward()` there. Throws nothing, after `close()` either.
   *
   * @example
   * process.env.MY_HANDOVER = JSON.stringify(net);
   */
  toJSON(): ForwardHandover;
}
