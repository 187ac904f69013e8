import { LocalhostForwardError } from '../../errors.ts';
import { openTcpRelay, type TcpRelay } from '../../listener/tcp-relay.ts';
import { openTemporaryListener, type TemporaryListener } from '../../listener/temporary-listener.ts';
import type { Hits } from '../../types.ts';
import { noteBridge } from '../held-bridges.ts';
import { blindWatch, type PacketWatch } from '../packets.ts';
import {
  keyOf,
  type PortMapping,
  type Proofs,
  type Route,
  type RouteEvidence,
  type RoutePlan,
  type RouteView,
  type Tools,
} from '../strategy.ts';
import type { Told } from '../told.ts';

/** The name that engines in virtual machines resolve by themselves. */
const nameOfEngines = 'host.docker.internal';

/** A listener of ours on the loopback is all that is opened: probes dial it. */
export const openNativeRoute = async (plan: RoutePlan, tools: Tools): Promise<Route> => {
  const { ports, hostnames } = plan;
  const { facts } = tools.engine;
  const address = facts.reachesLoopbackBy === 'its own name' ? nameOfEngines : 'host-gateway';
  const other = hostnames.find((name) => name !== nameOfEngines);
  if (address === nameOfEngines && other !== undefined) throw otherName(other, facts.vm);
  const forget = await noteBridge(plan, tools);
  const beacon = await openBeacon(tools.told).catch(() => undefined);
  if (beacon === undefined) {
    await forget();
    throw new LocalhostForwardError('LHF_ERR_PORT_IN_USE', { what: 'No port of 127.0.0.1 is free for probes to dial' });
  }
  return new NativeRoute(address, ports, beacon, { forget, told: tools.told });
};

/** Nothing of ours sees what the engine carries, here or elsewhere. */
export const unseenRoute = (): RouteView => ({
  isRelay: false,
  hidesCallers: true,
  isOfHost: false,
  hits: refuse,
  proofs: refuse,
  inspect: refuse,
  landingOf: ({ targetPort }) => ({ address: '127.0.0.1', port: targetPort }),
  watchPackets: async () => blindWatch,
});

const refuse = async (): Promise<never> => {
  throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
    what: 'With the strategy native the engine itself carries the bytes, and nothing of ours sees them: nftables, iptables, relay and sidecar see theirs',
    try: "strategy: 'nftables'",
  });
};

class NativeRoute implements Route {
  readonly isRelay = false;
  readonly hidesCallers = true;
  readonly isOfHost = false;
  readonly takesBack = false;
  readonly beacon: TemporaryListener;
  readonly #address: string;
  readonly #ports: Map<string, PortMapping>;
  /** Where a container dials another number than the service's own: the engine changes none. */
  readonly #relays = new Map<string, Pick<TcpRelay, 'close'>>();
  readonly #forget: () => Promise<void>;
  readonly #told: Told | undefined;

  constructor(
    address: string,
    ports: readonly PortMapping[],
    beacon: TemporaryListener,
    { forget, told }: { readonly forget: () => Promise<void>; readonly told: Told | undefined },
  ) {
    this.#told = told;
    this.#address = address;
    this.#ports = new Map(ports.map((port) => [keyOf(port), port]));
    this.beacon = beacon;
    this.#forget = forget;
  }

  async connect(): Promise<{ address: string }> {
    // All of them have listened or failed before anything is undone.
    const listening = await Promise.allSettled([...this.#ports.values()].map((port) => this.#listen(port)));
    const failed = listening.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return { address: this.#address };
  }

  async add(port: PortMapping): Promise<void> {
    if (port.protocol === 'udp') await refuse();
    await this.#listen(port);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: PortMapping): Promise<void> {
    const relay = this.#relays.get(keyOf(port));
    // What the engine leads to the service's own port is not ours to close.
    if (relay === undefined && this.#ports.has(keyOf(port))) await refuse();
    this.#ports.delete(keyOf(port));
    this.#relays.delete(keyOf(port));
    await relay?.close();
  }

  disturb(): Promise<void> {
    return refuse();
  }

  /** Probes dial the beacon. */
  async divertProbes(): Promise<void> {}

  hits(): Promise<Hits[]> {
    return refuse();
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    return new Map();
  }

  async inspect(port: PortMapping): Promise<RouteEvidence> {
    return { isPresent: this.#ports.has(keyOf(port)), routeLocalnet: undefined };
  }

  landingOf({ targetPort }: PortMapping): ReturnType<RouteView['landingOf']> {
    return { address: '127.0.0.1', port: targetPort };
  }

  async watchPackets(): Promise<PacketWatch> {
    return blindWatch;
  }

  /** Nothing of ours can be taken. */
  async repair(): Promise<boolean> {
    return false;
  }

  async close(removeNetwork: () => Promise<void>): Promise<void> {
    await Promise.all([this.beacon.close(), ...[...this.#relays.values()].map((relay) => relay.close())]);
    this.#relays.clear();
    await removeNetwork();
    await this.#forget();
  }

  async #listen(port: PortMapping): Promise<void> {
    if (port.containerPort === port.targetPort) return;
    const { containerPort, targetPort } = port;
    const relay = await openRelay(containerPort, targetPort, this.#told).catch((error: unknown) => {
      throw new LocalhostForwardError(
        'LHF_ERR_PORT_IN_USE',
        {
          what: `The engine changes no port numbers, and nothing of ours can listen on 127.0.0.1:${containerPort} for port ${targetPort}: ${String(error)}`,
          try: `{ hostPort: ${port.hostPort}, containerPort: ${port.hostPort} }`,
        },
        { cause: error, strategy: 'native' },
      );
    });
    this.#relays.set(keyOf(port), relay);
  }
}

/** What probes dial. Port 0 stands for a free one. */
const openBeacon = async (told: Told | undefined): Promise<TemporaryListener | undefined> =>
  told === undefined
    ? openTemporaryListener(0, 'tcp')
    : { nonce: '', ...tellListener(told, { port: 0, purpose: 'a listener that probes dial' }) };

const openRelay = async (port: number, targetPort: number, told: Told | undefined): Promise<Pick<TcpRelay, 'close'>> =>
  told === undefined
    ? openTcpRelay({ address: '127.0.0.1', port, target: () => ({ host: '127.0.0.1', port: targetPort }) })
    : tellListener(told, { port, purpose: `a relay to 127.0.0.1:${targetPort}` });

const tellListener = (
  { say }: Told,
  { port, purpose }: { readonly port: number; readonly purpose: string },
): { port: number; close: () => Promise<void> } => {
  const lines = [`127.0.0.1:${port}, ${purpose}`];
  say({ by: 'process', call: 'listen', lines });
  return { port, close: async () => say({ by: 'process', call: 'stop listening', lines }) };
};

const otherName = (hostname: string, vm: string | undefined): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_UNSUPPORTED',
    {
      what: `${vm} leads ${nameOfEngines} to 127.0.0.1, and no other name such as ${hostname}`,
      try: `hostname: '${nameOfEngines}'`,
    },
    { strategy: 'native' },
  );
