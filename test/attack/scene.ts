import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import { openLocalhostForward, type LocalhostForward, type LocalhostForwardOptions } from '../../src/index.ts';
import { execHere, outputOf } from '../support/run.ts';
import { until } from '../support/until.ts';
import { startAttacker, startInNamespace, type Attacker } from './attacker.ts';
import { frameOf, ipv4, udp, type Station } from './frames.ts';
import type { Ears } from './ears.ts';

/** What containers dial. */
export const forwarded = { tcp: 8080, udp: 5353 } as const;

/** Those of this host who are no containers of the forward's network. */
export interface Outsiders extends AsyncDisposable {
  /** A container on the engine's default network. */
  readonly neighbour: Attacker;
  /** A machine of the LAN, which this host routes for. */
  readonly lan: Attacker;
}

export const lanOfHost = { address: '203.0.113.1', mac: '02:00:cb:00:71:01' } as const;
export const lanOfOther = { address: '203.0.113.2', mac: '02:00:cb:00:71:02' } as const;

/** Settings of a host that trusts its neighbours: what they close does not do our work for us. */
const trusting = ['all', 'default'].flatMap((where) => [
  `net.ipv4.conf.${where}.accept_source_route=1`,
  `net.ipv4.conf.${where}.accept_local=1`,
  `net.ipv4.conf.${where}.rp_filter=0`,
]);

const shell = (script: string): Promise<string> => outputOf(execHere, ['sh', '-ec', script]);

export const openOutsiders = async (docker: Docker): Promise<Outsiders> => {
  await shell(`sysctl -q -w ${trusting.join(' ')} net.ipv4.ip_forward=1
    ip netns add lan
    ip link add lan0 address ${lanOfHost.mac} type veth peer name lan1 address ${lanOfOther.mac} netns lan
    ip addr add ${lanOfHost.address}/24 dev lan0
    ip link set lan0 up
    ip -n lan addr add ${lanOfOther.address}/24 dev lan1
    ip -n lan link set lan1 up
    ip -n lan route add default via ${lanOfHost.address}`);
  const [neighbour, lan] = await Promise.all([
    startAttacker(docker, 'bridge', await stationOf('docker0')),
    startInNamespace('lan', 'lan1', lanOfOther, lanOfHost),
  ]);
  return {
    neighbour,
    lan,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([neighbour[Symbol.asyncDispose](), lan[Symbol.asyncDispose]()]);
      await shell('ip link del lan0; ip netns del lan');
    },
  };
};

/** A bridge of this host, by its address. */
export const stationOf = async (bridge: string): Promise<Station> => ({
  address: (await shell(`ip -4 -o addr show dev ${bridge} | sed 's/.* inet //; s,/.*,,'`)).trim(),
  mac: (await readFile(`/sys/class/net/${bridge}/address`, 'utf8')).trim(),
});

/** A network with a forward, an attacker on it, and who is outside. */
export interface Scene extends AsyncDisposable, Omit<Outsiders, keyof AsyncDisposable> {
  /** On the forward's network. */
  readonly container: Attacker;
  /** What containers dial. */
  readonly front: Station;
  /** An address of the network that nobody has. */
  readonly nobody: string;
  readonly ears: Ears;
  /** Resolves when all that was sent until now has been carried, as far as it is. */
  settle(): Promise<void>;
  readonly net?: LocalhostForward;
}

/** What is told everywhere: 127/8 for all interfaces, and a rule that translates a port, whoever calls and whomever. */
export const openPlainRecipe = async (docker: Docker, outsiders: Outsiders, ears: Ears): Promise<Scene> => {
  const bridge = 'plain-recipe';
  const rules = [
    `-p tcp --dport ${forwarded.tcp} -j DNAT --to-destination 127.0.0.1:${ears.tcp.service}`,
    `-p udp --dport ${forwarded.udp} -j DNAT --to-destination 127.0.0.1:${ears.udp.service}`,
  ];
  const network = await docker.createNetwork({
    Name: bridge,
    Options: { 'com.docker.network.bridge.name': bridge },
    IPAM: { Driver: 'default', Config: [{ Subnet: '198.51.100.0/27', Gateway: '198.51.100.1' }] },
  });
  await shell(`sysctl -q -w net.ipv4.conf.all.route_localnet=1
    ${rules.map((rule) => `iptables -t nat -I PREROUTING ${rule}`).join('\n')}`);
  const router = await stationOf(bridge);
  const container = await startAttacker(docker, bridge, router);
  return {
    ...outsiders,
    ...sceneOf(container, router, ears),
    [Symbol.asyncDispose]: async () => {
      await container[Symbol.asyncDispose]();
      await network.remove();
      await shell(`sysctl -q -w net.ipv4.conf.all.route_localnet=0
        ${rules.map((rule) => `iptables -t nat -D PREROUTING ${rule}`).join('\n')}`);
    },
  };
};

export const openForward = async (
  docker: Docker,
  outsiders: Outsiders,
  ears: Ears,
  options: LocalhostForwardOptions,
): Promise<Scene & { readonly net: LocalhostForward }> => {
  const net = await openLocalhostForward(
    [
      { hostPort: ears.tcp.service, containerPort: forwarded.tcp },
      { hostPort: ears.udp.service, containerPort: forwarded.udp, protocol: 'udp' },
    ],
    { verify: false, ...options },
  );
  try {
    const router = await stationOf(net.bridgeName);
    const container = await startAttacker(docker, net.networkName, router);
    const address = net.extraHosts[0]?.split(':')[1] ?? '';
    const front = address === router.address ? router : { address, mac: await macOn(docker, net.networkId, address) };
    return {
      ...outsiders,
      ...sceneOf(container, front, ears),
      net,
      [Symbol.asyncDispose]: async () => {
        await container[Symbol.asyncDispose]();
        await net.close();
      },
    };
  } catch (error) {
    await net.close();
    throw error;
  }
};

const sceneOf = (container: Attacker, front: Station, ears: Ears) => {
  let settled = 0;
  const [a, b, c, d] = container.address.split('.').map(Number);
  return {
    container,
    front,
    nobody: `${a}.${b}.${c}.${(d ?? 0) + 5}`,
    ears,
    // Through the forward itself, as somebody new, for whom a relay opens a socket first: what goes by it comes in order.
    settle: async () => {
      const text = `settled ${(settled += 1)}`;
      const packet = udp(4_000 + settled, forwarded.udp, text);
      const whole = ipv4({ from: container.address, to: front.address, protocol: 'udp', payload: packet });
      await container.send(frameOf(container, front.mac, whole));
      await until(async () => (await ears.heard(text)).includes('service'), {
        what: 'the forward to carry',
        everyMs: 2,
      });
    },
  };
};

const macOn = async (docker: Docker, network: string, address: string): Promise<string> => {
  const { Containers = {} } = (await docker.getNetwork(network).inspect()) as {
    Containers?: Record<string, { IPv4Address: string; MacAddress: string }>;
  };
  const found = Object.values(Containers).find(({ IPv4Address }) => IPv4Address.startsWith(`${address}/`));
  if (found === undefined) throw new Error(`nobody has ${address}`);
  return found.MacAddress;
};
