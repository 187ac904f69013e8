import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { listPublishedPorts } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { listListeningPorts } from '../host/sockets.ts';
import type { LocalhostForward } from '../types.ts';
import { sendIntruder, type Attempt } from './intruder.ts';

type Net = Pick<LocalhostForward, 'id' | 'networkName' | 'bridgeName' | 'gateway' | 'ports'>;

/** How long an answer is waited for at least, in milliseconds. */
const patienceMs = 300;

/** The same for each of many lots: packets to one address keep their order, so that what answers has answered by then. */
const shortlyMs = 50;

/** For documentation, and nobody's: what is sent there is refused by this host, or is on its way out. */
const outside = { address: '192.0.2.1', port: 443 };
const highest = 65_535;
const privileged = Array.from({ length: 1023 }, (_, n) => n + 1);

/** Any name that the Internet knows. */
const outsideName = 'example.com';

/**
 * Tries from a container what a hermetic network is closed to: all ports of the gateway, which takes two seconds; at all other addresses of
 * this host the ports below 1024, those that anything listens on, and those that the engine publishes; a datagram to each address; the
 * bridge's link-local address; an address outside by a route of its own; a name outside.
 *
 * @returns What was tried, in one line.
 * @throws Error naming all that was open.
 */
export const checkHermetic = async (engine: Engine, net: Net, session: string): Promise<string> => {
  const control = net.ports.find(({ protocol }) => protocol === 'tcp')?.containerPort;
  if (control === undefined) throw new Error('a hermetic network is proven by a TCP port, and none is forwarded');
  await using everybody = await listenForEverybody();
  const others = [...new Set(addressesOfHost())].filter((address) => address !== net.gateway);
  const [listening, published] = await Promise.all([listListeningPorts(), listPublishedPorts(engine.docker)]);
  const ports = [...new Set([control, everybody.tcp, ...privileged, ...listening, ...published])];
  const linkLocal = linkLocalOf(net.bridgeName);
  const attempts: Attempt[] = [
    // Before the scans: this host answers so many packets that it refuses, and no more.
    { key: 'outside', ...outside, timeoutMs: patienceMs },
    { key: 'name', name: outsideName },
    ...(linkLocal === undefined
      ? []
      : [{ key: 'link-local', address: `${linkLocal}%eth0`, port: everybody.tcp, timeoutMs: patienceMs }]),
    ...[net.gateway, ...others].map((address) => ({
      key: `udp ${address}`,
      address,
      port: everybody.udp,
      text: address,
    })),
    { key: 'gateway', addresses: [net.gateway], ports: [[1, highest]], control, timeoutMs: shortlyMs },
    { key: 'others', addresses: others, ports, control, timeoutMs: patienceMs },
  ];
  const intruder = { id: net.id, session, nth: '3', network: net.networkName, mayReroute: true };
  const outcomes = await sendIntruder(engine, intruder, { attempts, gateway: net.gateway, routesOutside: true });
  const open = [
    ...judgeOutside(outcomes.get('outside') ?? ''),
    ...judgeName(outcomes.get('name') ?? ''),
    ...judgeLinkLocal(
      net.bridgeName,
      await readFile('/proc/net/if_inet6', 'utf8').catch(() => ''),
      outcomes.get('link-local'),
    ),
    ...(await everybody.heard()).map((address) => `UDP to ${address}:${everybody.udp}`),
    ...judgeScan(outcomes.get('gateway') ?? '', net),
    ...judgeOthers(outcomes.get('others') ?? '', net),
  ];
  if (open.length > 0) throw new Error(`open, though the network is hermetic: ${open.join('; ')}`);
  return `of all ${highest} ports of ${net.gateway}, and of ${ports.length} of this host's other addresses (${others.length}), the forwarded ones alone; UDP, IPv6, ${outside.address}, ${outsideName}: closed`;
};

/** Whether a packet was kept here: only this host says so, or there was no way to send it. Pure. */
export const judgeOutside = (outcome: string): string[] => {
  if (outcome === 'EHOSTUNREACH' || outcome === 'ENETUNREACH') return [];
  const what = outcome === 'silence' ? 'nobody kept what was sent there' : outcome;
  return [`${outside.address}:${outside.port}, outside (${what})`];
};

const judgeName = (outcome: string): string[] =>
  outcome.startsWith('open') ? [`the name ${outsideName} (${outcome.slice('open: '.length)})`] : [];

/** The bridge takes IPv6 where it has an address of it, whether or not the container could try. Pure. */
export const judgeLinkLocal = (bridge: string, addresses: string, outcome: string | undefined): string[] => [
  ...(outcome === 'open' ? ['the link-local address of the bridge'] : []),
  ...(addresses.split('\n').some((line) => line.trim().split(/\s+/).at(-1) === bridge)
    ? [`IPv6 on ${bridge}, which has an address`]
    : []),
];

/** What a scan of the gateway has found beside the ports that are forwarded, of which one has to answer. Pure. */
export const judgeScan = (outcome: string, { gateway, ports }: Pick<Net, 'gateway' | 'ports'>): string[] => {
  const found = outcome.split(',');
  const forwarded = ports
    .filter(({ protocol }) => protocol === 'tcp')
    .map(({ containerPort }) => String(containerPort));
  if (!forwarded.some((port) => found.includes(`${gateway}:${port}`)))
    return [`the ports of ${gateway}, as far as known (${outcome || 'not even the forwarded one answered'})`];
  return beside(found, forwarded);
};

/** The same of other addresses, where none has to answer: the control of each lot is the gateway's. Pure. */
export const judgeOthers = (outcome: string, { ports }: Pick<Net, 'ports'>): string[] => {
  if (outcome.startsWith('not known'))
    return [`the ports of this host's other addresses, as far as known (${outcome})`];
  return beside(
    outcome.split(',').filter((place) => place !== ''),
    ports.filter(({ protocol }) => protocol === 'tcp').map(({ containerPort }) => String(containerPort)),
  );
};

const beside = (found: readonly string[], forwarded: readonly string[]): string[] =>
  found.filter((place) => !forwarded.includes(place.slice(place.lastIndexOf(':') + 1)));

/** This host's own IPv4 addresses, but its loopback's. */
const addressesOfHost = (): string[] =>
  Object.values(networkInterfaces()).flatMap((ones = []) =>
    ones.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );

/** What an interface's link-local address is where it has one. */
const linkLocalOf = (name: string): string | undefined => {
  const [first] = networkInterfaces()[name] ?? [];
  const bytes = first?.mac.split(':').map((byte) => Number.parseInt(byte, 16));
  if (bytes?.length !== 6) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
  const groups = [(a ^ 2) * 256 + b, c * 256 + 0xff, 0xfe * 256 + d, e * 256 + f];
  return `fe80::${groups.map((group) => group.toString(16)).join(':')}`;
};

/** What listens on all addresses of this host, as a service does that a bridge's gateway shows: by TCP with IPv6, and by UDP. */
const listenForEverybody = async () => {
  const server = createServer((socket) => socket.destroy());
  // A host without IPv6 has no such address.
  await new Promise<void>((resolve, reject) => {
    server.once('error', () => server.once('error', reject).listen(0, '0.0.0.0', resolve)).listen(0, '::', resolve);
  });
  const socket = createSocket('udp4');
  const heard = new Set<string>();
  socket.on('message', (text) => heard.add(text.toString())).bind(0, '0.0.0.0');
  await once(socket, 'listening');
  const { port: udp } = socket.address();
  return {
    tcp: (server.address() as AddressInfo).port,
    udp,
    /** What has come until now: a datagram of our own is the last of it. */
    heard: async (): Promise<string[]> => {
      const last = createSocket('udp4');
      const isHere = new Promise<void>((resolve) => {
        socket.on('message', (text) => (text.toString() === 'now' ? resolve() : undefined));
      });
      last.send('now', udp, '127.0.0.1');
      await isHere;
      last.close();
      heard.delete('now');
      return [...heard];
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      socket.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
