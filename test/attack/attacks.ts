import type { Attacker } from './attacker.ts';
import {
  arpRequest,
  frameOf,
  icmpEcho,
  ipv4,
  ipv4InPieces,
  nops,
  readAnswer,
  recordRoute,
  sourceRoute,
  taggedFrameOf,
  tcpSyn,
  timestamp,
  udp,
  type Datagram,
} from './frames.ts';
import { forwarded, lanOfHost, type Scene } from './scene.ts';

/** One way to what is not forwarded, or to the forward by somebody who should not have it. */
export interface Attack {
  readonly name: string;
  readonly by: 'container' | 'neighbour' | 'lan';
  /** `number` is its own: a port, an echo's id, a fragment's. */
  readonly frames: (scene: Scene, attacker: Attacker, text: string, number: number) => readonly Buffer[];
  /** Connects to what is forwarded: a relay accepts first, and resets when it has seen who calls. That is for a test with a socket. */
  readonly connects?: true;
}

type Given = Partial<Omit<Datagram, 'payload' | 'protocol'>>;

/** A packet to whoever routes for the attacker. */
const packet = (attacker: Attacker, to: string, given: Given & Pick<Datagram, 'payload' | 'protocol'>): Buffer =>
  frameOf(attacker, attacker.router.mac, ipv4({ from: attacker.address, to, ...given }));

/** A UDP datagram that says the attack's own text. */
const datagram =
  (to: (scene: Scene) => string, port: (scene: Scene) => number, given: (scene: Scene) => Given = () => ({})) =>
  (scene: Scene, attacker: Attacker, text: string, number: number): Buffer[] => [
    packet(attacker, to(scene), { protocol: 'udp', payload: udp(number, port(scene), text), ...given(scene) }),
  ];

const syn =
  (to: (scene: Scene) => string, port: (scene: Scene) => number, given: Pick<Datagram, 'options'> | object = {}) =>
  (scene: Scene, attacker: Attacker, _text: string, number: number): Buffer[] => [
    packet(attacker, to(scene), {
      protocol: 'tcp',
      payload: tcpSyn(attacker.address, number, to(scene), port(scene)),
      ...given,
    }),
  ];

/** To the forward's own front, with a source that is not the attacker's. */
const posing =
  (from: (scene: Scene) => string) =>
  (scene: Scene, attacker: Attacker, text: string, number: number): Buffer[] => {
    const payload = udp(number, forwarded.udp, text);
    const whole = ipv4({ from: from(scene), to: scene.front.address, protocol: 'udp', payload });
    return [frameOf(attacker, attacker === scene.container ? scene.front.mac : attacker.router.mac, whole)];
  };

const loopback = (): string => '127.0.0.1';
const gateway = ({ container }: Scene): string => container.router.address;
/** Of a network of 32 addresses, as ours and the plain recipe's are. */
const broadcastOf = (address: string): string => address.replace(/\d+$/, (last) => String(Number(last) | 31));
const secret = ({ ears }: Scene): number => ears.udp.secret;
const secretTcp = ({ ears }: Scene): number => ears.tcp.secret;
const secretly = ({ ears }: Scene, text: string, number: number): Buffer => udp(number, ears.udp.secret, text);

const container = (name: string, frames: Attack['frames'], more: Pick<Attack, 'connects'> = {}): Attack => ({
  name: `a container: ${name}`,
  by: 'container',
  frames,
  ...more,
});

const withOptions = (name: string, options: Buffer): Attack =>
  container(
    `UDP to 127.0.0.1 with ${name}`,
    datagram(loopback, secret, () => ({ options })),
  );

const inPieces =
  (order: (pieces: Buffer[]) => Buffer[]): Attack['frames'] =>
  (scene, attacker, text, number) => {
    const whole = {
      from: attacker.address,
      to: '127.0.0.1',
      protocol: 'udp',
      payload: secretly(scene, text, number),
    } as const;
    return order(ipv4InPieces(whole, number).map((piece) => frameOf(attacker, attacker.router.mac, piece)));
  };

const tagged: Attack['frames'] = (scene, attacker, text, number) => {
  const payload = secretly(scene, text, number);
  return [
    taggedFrameOf(
      attacker,
      attacker.router.mac,
      ipv4({ from: attacker.address, to: '127.0.0.1', protocol: 'udp', payload }),
    ),
  ];
};

const toEverybody =
  (mac: string): Attack['frames'] =>
  (scene, attacker, text, number) => {
    const payload = secretly(scene, text, number);
    return [frameOf(attacker, mac, ipv4({ from: attacker.address, to: '127.0.0.1', protocol: 'udp', payload }))];
  };

const asked: Attack['frames'] = (scene, attacker, text, number) => [
  arpRequest(attacker, '127.0.0.1'),
  ...datagram(loopback, secret)(scene, attacker, text, number),
];

const echo: Attack['frames'] = (_scene, attacker, _text, number) => [
  packet(attacker, '127.0.0.1', { protocol: 'icmp', payload: icmpEcho(number) }),
];

const routed = (kind: 'loose' | 'strict', hop: string): Given => ({ options: sourceRoute(kind, [hop]) });
const udpPort = (): number => forwarded.udp;
const tcpPort = (): number => forwarded.tcp;

const ofContainer: readonly Attack[] = [
  container('TCP to 127.0.0.1', syn(loopback, secretTcp)),
  container('UDP to 127.0.0.1', datagram(loopback, secret)),
  container('ICMP to 127.0.0.1', echo),
  container(
    'UDP to another address of 127/8',
    datagram(
      () => '127.1.2.3',
      ({ ears }) => ears.udp.other,
    ),
  ),
  container(
    'UDP to 127.0.0.1 in fragments',
    inPieces((pieces) => pieces),
  ),
  container(
    'UDP to 127.0.0.1 in fragments, the last one first',
    inPieces((pieces) => pieces.toReversed()),
  ),
  withOptions('an IP option that says nothing', nops),
  withOptions('a recorded route', recordRoute),
  withOptions('a timestamp', timestamp),
  container('TCP to 127.0.0.1 with an IP option', syn(loopback, secretTcp, { options: nops })),
  container('UDP to 127.0.0.1 in a frame with a tag of priority', tagged),
  container('UDP to 127.0.0.1 in a frame to everybody', toEverybody('ff:ff:ff:ff:ff:ff')),
  container('UDP to 127.0.0.1 in a frame to a group', toEverybody('01:00:5e:00:00:01')),
  container('UDP to whoever answers ARP for 127.0.0.1', asked),
  container(
    'UDP to 127.0.0.1 as 127.0.0.9',
    datagram(loopback, secret, () => ({ from: '127.0.0.9' })),
  ),
  container(
    'UDP to 127.0.0.1 as the gateway',
    datagram(loopback, secret, (scene) => ({ from: gateway(scene) })),
  ),
  container(
    'UDP to a service on all addresses as 127.0.0.9',
    datagram(
      gateway,
      ({ ears }) => ears.udp.everywhere,
      () => ({ from: '127.0.0.9' }),
    ),
  ),
  container(
    'UDP to a service on all addresses as a machine of the LAN',
    datagram(
      gateway,
      ({ ears }) => ears.udp.everywhere,
      () => ({ from: '203.0.113.2' }),
    ),
  ),
  ...[
    ['everybody here', () => '255.255.255.255'] as const,
    ['everybody on the network', (scene: Scene) => broadcastOf(gateway(scene))] as const,
  ].map(([whom, to]) =>
    container(
      `UDP to ${whom}, as a machine of the LAN`,
      datagram(
        to,
        ({ ears }) => ears.udp.everywhere,
        () => ({ from: '203.0.113.2' }),
      ),
    ),
  ),
  container(
    'the forwarded UDP port as 127.0.0.9',
    posing(() => '127.0.0.9'),
  ),
  container('the forwarded UDP port as the gateway', posing(gateway)),
  container(
    'the forwarded UDP port as a machine of the LAN',
    posing(() => '203.0.113.2'),
  ),
  container(
    'the forwarded UDP port as somebody on the Internet',
    posing(() => '192.0.2.8'),
  ),
  container(
    'UDP by a loose route over the gateway to 127.0.0.1',
    datagram(gateway, secret, () => routed('loose', '127.0.0.1')),
  ),
  container(
    'UDP by a strict route over the gateway to 127.0.0.1',
    datagram(gateway, secret, () => routed('strict', '127.0.0.1')),
  ),
  container(
    'UDP by a loose route over the forwarded port to 127.0.0.2',
    datagram(gateway, udpPort, () => routed('loose', '127.0.0.2')),
  ),
  container(
    'the forwarded UDP port of another container',
    datagram(({ nobody }) => nobody, udpPort),
  ),
  container(
    'the forwarded TCP port of another container',
    syn(({ nobody }) => nobody, tcpPort),
  ),
  container(
    'the forwarded UDP port of an address outside',
    datagram(({ lan }) => lan.address, udpPort),
  ),
  container(
    'the forwarded TCP port of an address outside',
    syn(({ lan }) => lan.address, tcpPort),
  ),
];

/** What those try who are not on the forward's network. */
const ofOutsider = (by: 'neighbour' | 'lan', name: string, own: (scene: Scene) => string): readonly Attack[] => [
  { name: `${name}: UDP to 127.0.0.1`, by, frames: datagram(loopback, secret) },
  { name: `${name}: TCP to 127.0.0.1`, by, frames: syn(loopback, secretTcp) },
  { name: `${name}: the forwarded UDP port of its own gateway`, by, frames: datagram(own, udpPort) },
  { name: `${name}: the forwarded TCP port of its own gateway`, by, frames: syn(own, tcpPort) },
  { name: `${name}: the forwarded UDP port`, by, frames: datagram(({ front }) => front.address, udpPort) },
  { name: `${name}: the forwarded TCP port`, by, frames: syn(({ front }) => front.address, tcpPort), connects: true },
  { name: `${name}: the forwarded UDP port as a container of the network`, by, frames: posing(({ nobody }) => nobody) },
];

export const attacks: readonly Attack[] = [
  ...ofContainer,
  ...ofOutsider('neighbour', 'a container of the default network', ({ neighbour }) => neighbour.router.address),
  ...ofOutsider('lan', 'a machine of the LAN', () => lanOfHost.address),
];

let sent = 0;

/** Whether it comes through: a service of the host's has heard it, or the host has answered. */
export const comesThrough = async (attack: Attack, scene: Scene): Promise<boolean> => {
  sent += 1;
  const number = 20_000 + sent;
  const text = `attack ${sent}: ${attack.name}`;
  const attacker = scene[attack.by];
  const came = await attacker.send(...attack.frames(scene, attacker, text, number));
  await scene.settle();
  // What took another way than the first look's.
  came.push(...(await attacker.send()));
  const isAnswered = came.map(readAnswer).some((answer) => answer?.number === number);
  return isAnswered || (await scene.ears.heard(text)).length > 0;
};
