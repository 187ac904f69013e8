import { LocalhostForwardError } from '../../errors.ts';
import { openTcpRelay, type Target, type TcpRelay } from '../../listener/tcp-relay.ts';
import { overlaps, parseCidr } from '../../network/subnet.ts';
import type { Hits } from '../../types.ts';
import { blindWatch, type PacketWatch } from '../packets.ts';
import { heldBridgesOf } from '../held-bridges.ts';
import {
  keyOf,
  type Network,
  type OpenedElsewhere,
  type PortMapping,
  type Proofs,
  type Route,
  type RouteEvidence,
  type RoutePlan,
  type RouteView,
  type Tools,
} from '../strategy.ts';

/** What one port carried so far. */
interface Count {
  connections: number;
  packets: number;
  bytes: number;
  proofs: number;
}

/** Begins without a socket: there is nothing to listen on before the network is there. */
export const openRelayRoute = async ({ names, ports, trials, onSent }: RoutePlan, tools: Tools): Promise<Route> => {
  for (const port of ports) refuseUdp(port);
  const held = heldBridgesOf(tools);
  const noted = held.note(names.bridge);
  onSent();
  await noted;
  return new RelayRoute(ports, trials, () => held.forget(names.bridge));
};

/** Only the process that carries the bytes can tell of them. */
export const unseenRoute = ({ gateway }: OpenedElsewhere): RouteView => {
  const refuse = async (): Promise<never> => {
    throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
      what: 'The strategy relay counts in the process that opened the forward, and this is another one',
      try: "ask the forward in the process that opened it, or strategy: 'nftables' or 'iptables'",
    });
  };
  const landingOf = ({ containerPort }: PortMapping) => ({ address: gateway, port: containerPort });
  return {
    isRelay: true,
    hits: refuse,
    proofs: refuse,
    inspect: refuse,
    landingOf,
    watchPackets: async () => blindWatch,
  };
};

class RelayRoute implements Route {
  readonly isRelay = true;
  readonly #ports: Map<string, PortMapping>;
  readonly #counts = new Map<string, Count>();
  readonly #relays = new Map<string, TcpRelay>();
  #trials: ReadonlyMap<string, PortMapping>;
  #network: Network | undefined;

  readonly #forget: () => Promise<void>;

  constructor(ports: readonly PortMapping[], trials: readonly PortMapping[], forget: () => Promise<void>) {
    this.#ports = byKey(ports);
    this.#trials = byKey(trials);
    this.#forget = forget;
  }

  async connect(network: Network): Promise<{ address: string }> {
    this.#network = network;
    // All of them have listened or failed before anything is undone.
    const listening = await Promise.allSettled([...this.#ports.values()].map((port) => this.#listen(port)));
    const failed = listening.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { address: network.gateway };
  }

  async add(port: PortMapping): Promise<void> {
    refuseUdp(port);
    await this.#listen(port);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: PortMapping): Promise<void> {
    this.#ports.delete(keyOf(port));
    const relay = this.#relays.get(keyOf(port));
    this.#relays.delete(keyOf(port));
    await relay?.close();
  }

  async divertProbes(trials: readonly PortMapping[]): Promise<void> {
    this.#trials = byKey(trials);
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    return ports.map((port) => {
      const { connections, packets, bytes } = this.#countOf(keyOf(port));
      return { connections, packets, bytes };
    });
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    return new Map(
      [...this.#ports].map(([key, { hostPort }]) => [
        key,
        { packets: this.#countOf(key).proofs, targetPort: hostPort },
      ]),
    );
  }

  async inspect(port: PortMapping): Promise<RouteEvidence> {
    return { isPresent: this.#relays.has(keyOf(port)), routeLocalnet: undefined };
  }

  /** The relay's own socket, on the gateway. */
  landingOf({ containerPort }: PortMapping): ReturnType<RouteView['landingOf']> {
    return { address: this.#network?.gateway ?? '', port: containerPort };
  }

  async watchPackets(): Promise<PacketWatch> {
    return blindWatch;
  }

  /** Nobody but this process can take its sockets. */
  async repair(): Promise<boolean> {
    return false;
  }

  async close(removeNetwork: () => Promise<void>): Promise<void> {
    await Promise.all([...this.#ports.values()].map((port) => this.remove(port)));
    await removeNetwork();
    await this.#forget();
  }

  async #listen(port: PortMapping): Promise<void> {
    const network = this.#network;
    if (network === undefined) return;
    const key = keyOf(port);
    const count = this.#countOf(key);
    const relay = await openTcpRelay({
      address: network.gateway,
      port: port.containerPort,
      target: (caller) => (isInside(caller, network.subnet) ? this.#targetOf(caller, port) : undefined),
      onConnected: (caller, service) => {
        if (caller.remoteAddress === network.probeAddress) {
          count.proofs += 1;
          return;
        }
        count.connections += 1;
        for (const socket of [caller, service]) {
          socket.on('data', (chunk: Buffer) => {
            count.packets += 1;
            count.bytes += chunk.length;
          });
        }
      },
    }).catch((error: unknown) => {
      throw cannotListen(network, port, error);
    });
    this.#relays.set(key, relay);
  }

  #targetOf(caller: string, port: PortMapping): Target {
    const trial = this.#trials.get(keyOf(port));
    if (trial !== undefined && caller === this.#network?.probeAddress)
      return { host: '127.0.0.1', port: trial.targetPort };
    const otherwise: Target = { host: '127.0.0.1', port: port.hostPort };
    return { host: port.hostAddress, port: port.hostPort, ...(port.mayMove === true ? { otherwise } : {}) };
  }

  #countOf(key: string): Count {
    const count = this.#counts.get(key) ?? { connections: 0, packets: 0, bytes: 0, proofs: 0 };
    this.#counts.set(key, count);
    return count;
  }
}

const byKey = (ports: readonly PortMapping[]): Map<string, PortMapping> =>
  new Map(ports.map((port) => [keyOf(port), port]));

// The gateway's address can be dialled from other networks of this host and from its LAN, too.
const isInside = (address: string, subnet: string): boolean => {
  const [caller, network] = [parseCidr(`${address}/32`), parseCidr(subnet)];
  return caller !== undefined && network !== undefined && overlaps(caller, network);
};

const refuseUdp = ({ protocol, containerPort }: PortMapping): void => {
  if (protocol === 'tcp') return;
  throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: `The strategy relay carries TCP only, and udp port ${containerPort} was asked for`,
    try: "strategy: 'nftables' or 'iptables'",
  });
};

const cannotListen = ({ gateway }: Network, port: PortMapping, error: unknown): LocalhostForwardError => {
  const { code } = error as NodeJS.ErrnoException;
  const why = { EADDRINUSE: 'something listens there, or on all addresses', EACCES: 'ports below 1024 take root' };
  const what = `The relay cannot listen on ${gateway}:${port.containerPort}: ${why[code as 'EACCES'] ?? String(error)}`;
  const advice = {
    EADDRINUSE: `ss -ltnp 'sport = :${port.containerPort}'`,
    EACCES: '{ hostPort, containerPort: 8080 }, a port above 1023',
  };
  return new LocalhostForwardError(
    'LHF_ERR_PORT_IN_USE',
    { what, try: advice[code as 'EACCES'] ?? 'another container port' },
    { cause: error, strategy: 'relay' },
  );
};
