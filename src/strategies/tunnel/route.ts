import type { Socket } from 'node:net';
import type { ClientChannel, TcpConnectionDetails } from 'ssh2';
import { LocalhostForwardError } from '../../errors.ts';
import type { Endpoint } from '../../host/sockets.ts';
import type { Hits } from '../../types.ts';
import { isCallerOf } from '../../network/subnet.ts';
import { noteBridge } from '../held-bridges.ts';
import { blindWatch, type PacketWatch } from '../packets.ts';
import {
  keyOf,
  type Fault,
  type Network,
  type PortMapping,
  type Proofs,
  type Route,
  type RouteEvidence,
  type RoutePlan,
  type Tools,
} from '../strategy.ts';
import { connect, disconnect, slowsElsewhere, TunnelCuts } from './cuts.ts';
import { Counts } from './counts.ts';
import { dialFirst, hostsOf } from './dial.ts';
import { Loss } from './loss.ts';
import { startSshd, type Sshd } from './sshd.ts';
import { landingOf } from './unseen-route.ts';

/** One connection under way. */
interface Carried {
  readonly key: string;
  readonly channel: ClientChannel;
  readonly caller: Endpoint;
  /** Our own end of the connection to the service. */
  readonly end: Endpoint;
}

/** Begins without an sshd: there is nothing for it to be on before the network is there. */
export const openTunnelRoute = async (plan: RoutePlan, tools: Tools): Promise<Route> => {
  const { names, ports, trials } = plan;
  const forget = await noteBridge(plan, tools);
  const start = (network: Network): Promise<Sshd> => startSshd(tools, { names, network });
  const route = new TunnelRoute(ports, start, forget);
  await route.divertProbes(trials);
  return route;
};

class TunnelRoute implements Route {
  readonly isRelay = true;
  readonly isOfHost = false;
  readonly landingOf = landingOf;
  readonly #ports: Map<string, PortMapping>;
  readonly #counts = new Counts();
  /** What is established, by its port's key. */
  readonly #sockets = new Map<Socket, Carried>();
  readonly #cuts = new TunnelCuts();
  /** Connections of probes that a service has accepted, while they last. */
  readonly #proven = new Set<string>();
  #trials: ReadonlyMap<string, PortMapping> = new Map();
  #network: Network | undefined;
  #sshd: Sshd | undefined;
  readonly #loss = new Loss();
  readonly #start: (network: Network) => Promise<Sshd>;
  readonly #forget: () => Promise<void>;

  constructor(ports: readonly PortMapping[], start: (network: Network) => Promise<Sshd>, forget: () => Promise<void>) {
    this.#ports = new Map(ports.map((port) => [keyOf(port), port]));
    this.#start = start;
    this.#forget = forget;
  }

  async connect(network: Network): Promise<{ address: string }> {
    this.#network = network;
    const sshd = (this.#sshd = await this.#start(network));
    this.#loss.watch(sshd, network.name);
    sshd.client.on('tcp connection', (details, accept, reject) => this.#carry(details, accept, reject));
    for (const port of this.#ports.values()) await sshd.awaited(this.#listen(port));
    return { address: sshd.address };
  }

  async add(port: PortMapping): Promise<void> {
    const listening = this.#listen(port);
    await (this.#sshd?.awaited(listening) ?? listening);
    this.#ports.set(keyOf(port), port);
  }

  async remove(port: PortMapping): Promise<void> {
    const key = keyOf(port);
    this.#ports.delete(key);
    this.#cuts.set(key, undefined);
    this.#counts.delete(key);
    await this.#stopListening(port);
    this.#end(key);
  }

  async disturb(port: PortMapping, { cut, slow }: Fault): Promise<void> {
    if (slow !== undefined) throw slowsElsewhere();
    const key = keyOf(port);
    const was = this.#cuts.set(key, cut);
    if (cut === 'refuse' && was !== 'refuse') await this.#stopListening(port);
    if (cut === 'refuse' || cut === 'reset') this.#end(key);
    if (was === 'refuse' && cut !== 'refuse') await this.#sshd?.awaited(this.#listen(port));
    for (const [socket, { key: of, channel }] of this.#sockets)
      if (of === key) (cut === 'drop' ? disconnect : connect)(channel, socket);
    if (cut !== 'drop') this.#cuts.refuseHeld(key);
  }

  async divertProbes(trials: readonly PortMapping[]): Promise<void> {
    this.#trials = new Map(trials.map((port) => [keyOf(port), port]));
  }

  async hits(ports: readonly PortMapping[]): Promise<Hits[]> {
    return ports.map((port) => {
      const { attempts, connections, packets, bytes } = this.#counts.of(keyOf(port));
      return { attempts, connections, packets, bytes };
    });
  }

  async proofs(): Promise<ReadonlyMap<string, Proofs>> {
    return new Map(
      [...this.#ports].map(([key, { hostPort }]) => [
        key,
        { packets: this.#counts.of(key).proofs, targetPort: hostPort },
      ]),
    );
  }

  readonly sawProbe = ({ address, port }: { readonly address: string; readonly port: number }): boolean =>
    this.#proven.has(`${address}:${port}`);

  async callerBehind(port: PortMapping, { address, port: number }: Endpoint): Promise<Endpoint | undefined> {
    for (const { key, caller, end } of this.#sockets.values())
      if (key === keyOf(port) && end.port === number && end.address === address) return caller;
    return undefined;
  }

  async inspect(port: PortMapping): Promise<RouteEvidence> {
    const lost = this.#loss.sentence;
    const isPresent = this.#ports.has(keyOf(port)) && this.#sshd !== undefined && lost === undefined;
    return { isPresent, ...(lost !== undefined && { lost }), routeLocalnet: undefined };
  }

  async watchPackets(): Promise<PacketWatch> {
    return blindWatch;
  }

  /** One whose sshd was taken has to be opened anew: containers know its address. */
  async repair(): Promise<boolean> {
    return false;
  }

  async close(removeNetwork: () => Promise<void>): Promise<void> {
    this.#loss.expect();
    for (const [socket, { channel }] of this.#sockets) {
      socket.resetAndDestroy();
      channel.destroy();
    }
    await this.#sshd?.remove();
    this.#sshd = undefined;
    await removeNetwork();
    await this.#forget();
  }

  /** Refused, it is not listened to any more: what was wanted. */
  async #stopListening({ containerPort }: PortMapping): Promise<void> {
    const sshd = this.#loss.sentence === undefined ? this.#sshd : undefined;
    await sshd?.awaited(
      new Promise<void>((resolve) => void sshd.client.unforwardIn('', containerPort, () => resolve())),
    );
  }

  #end(key: string): void {
    this.#cuts.refuseHeld(key);
    for (const [socket, { key: of, channel }] of this.#sockets) {
      if (of !== key) continue;
      socket.resetAndDestroy();
      channel.destroy();
    }
  }

  async #listen(port: PortMapping): Promise<void> {
    if (port.protocol === 'udp')
      throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
        what: `The strategy tunnel carries TCP only, and udp port ${port.containerPort} was asked for`,
        try: "strategy: 'nftables'",
      });
    this.#loss.check();
    return new Promise((resolve, reject) => {
      const client = this.#sshd?.client;
      if (client === undefined) return resolve();
      client.forwardIn('', port.containerPort, (error) => {
        if (error === undefined || error === null) resolve();
        else
          reject(
            new LocalhostForwardError(
              'LHF_ERR_PORT_IN_USE',
              {
                what: `The tunnel cannot listen on port ${port.containerPort} of its container: ${String(error)}`,
                try: 'another container port',
              },
              { cause: error, strategy: 'tunnel' },
            ),
          );
      });
    });
  }

  /** A caller is accepted when its service has accepted: one that is not there is told to the sshd, and ends nothing else. */
  #carry({ srcIP, srcPort, destPort }: TcpConnectionDetails, accept: () => ClientChannel, reject: () => void): void {
    const key = keyOf({ protocol: 'tcp', containerPort: destPort });
    const port = this.#ports.get(key);
    // Not every engine keeps its networks apart, and the sshd listens to whoever reaches it.
    if (port === undefined || this.#network === undefined || !isCallerOf(srcIP, this.#network)) return reject();
    const isProbe = srcIP === this.#network.probeAddress;
    if (!isProbe) this.#counts.of(key).attempts += 1;
    const cut = this.#cuts.of(key);
    if (cut === 'drop') return this.#cuts.hold(key, reject);
    if (cut !== undefined) return reject();
    const trial = isProbe ? this.#trials.get(key) : undefined;
    const places =
      trial === undefined
        ? hostsOf(port).map((host) => ({ host, port: port.hostPort }))
        : [{ host: '127.0.0.1', port: trial.targetPort }];
    dialFirst(places, (service) => {
      // Its port may have gone meanwhile.
      if (service === undefined || !this.#ports.has(key)) {
        service?.destroy();
        return reject();
      }
      const channel = accept();
      this.#counts.follow(key, isProbe, [channel, service]);
      const caller = { address: srcIP, port: srcPort };
      const name = `${srcIP}:${srcPort}`;
      if (isProbe) this.#proven.add(name);
      const { localAddress = '', localPort = 0 } = service;
      this.#sockets.set(service, { key, channel, caller, end: { address: localAddress, port: localPort } });
      channel.on('error', () => service.resetAndDestroy());
      service.on('error', () => channel.destroy());
      channel.once('close', () => service.destroy());
      service.once('close', () => {
        this.#proven.delete(name);
        this.#sockets.delete(service);
      });
      if (this.#cuts.of(key) !== 'drop') connect(channel, service);
      return undefined;
    });
    return undefined;
  }
}
