import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';
import { until } from '../support/until.ts';
import { startAttacker, type Attacker } from './attacker.ts';
import { openEars, type Ears } from './ears.ts';
import { frameOf, icmpEcho, ipv4, readAnswer, udp, udp6Frame } from './frames.ts';
import { scan } from './scan.ts';
import { forwarded, lanOfHost, openForward, openOutsiders, type Outsiders } from './scene.ts';

requirePlace();
const docker = new Docker();
let ears: Ears;
let outsiders: Outsiders;

/** Everything of this host that listens for everybody, by TCP and by UDP over IPv6: what a bridge's gateway shows. */
const openPublic = async () => {
  const server = createServer((socket) => socket.end());
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  const socket = createSocket('udp6');
  const heard: string[] = [];
  socket.on('message', (message) => heard.push(message.toString()));
  socket.bind(0, '::');
  await once(socket, 'listening');
  return {
    tcp: (server.address() as AddressInfo).port,
    udp6: socket.address().port,
    heard: async (): Promise<string[]> => {
      // What was sent before is here once this is: a word of its own each time.
      const now = `now ${Math.random()}`;
      const sender = createSocket('udp6');
      sender.send(now, socket.address().port, '::1');
      await until(() => heard.includes(now), { what: 'the own datagram' });
      sender.close();
      return heard;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      socket.close();
    },
  };
};

let everybody: Awaited<ReturnType<typeof openPublic>>;

beforeAll(async () => {
  [ears, everybody] = await Promise.all([openEars(), openPublic()]);
  outsiders = await openOutsiders(docker);
});
afterAll(async () => {
  await outsiders?.[Symbol.asyncDispose]();
  await everybody?.[Symbol.asyncDispose]();
  await ears?.[Symbol.asyncDispose]();
});

const linkLocal = (mac: string): Buffer => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  return Buffer.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
};

type Opened = Awaited<ReturnType<typeof open>>;

/** Whether somebody on the network gets through to what is not forwarded, by each way. */
const ways: Readonly<Record<string, (opened: Opened) => Promise<boolean>>> = {
  'UDP to a service of this host on all addresses': async ({ asking: container }) => {
    const text = `gateway ${container.mac} ${Math.random()}`;
    await container.send(to(container, container.router.address, ears.udp.everywhere, text));
    return (await ears.heard(text)).length > 0;
  },
  'UDP to it by the host’s address on the LAN': async ({ asking: container }) => {
    const text = `lan ${container.mac} ${Math.random()}`;
    await container.send(to(container, lanOfHost.address, ears.udp.everywhere, text));
    return (await ears.heard(text)).length > 0;
  },
  'IPv6 to the bridge’s link-local address': async ({ asking: container, net }) => {
    const text = `six ${container.mac} ${Math.random()}`;
    const frame = udp6Frame(
      { ...container, address6: linkLocal(container.mac) },
      container.router.mac,
      linkLocal(container.router.mac),
      [4_000, everybody.udp6, text],
    );
    // An address is nobody's until the kernel has asked whether it is.
    await until(async () => !(await addresses6(net.bridgeName)).includes('tentative'), {
      what: 'the link-local address',
    });
    await container.send(frame);
    return (await everybody.heard()).includes(text);
  },
  'an echo from the gateway': async ({ asking: container }) => {
    const packet = {
      from: container.address,
      to: container.router.address,
      protocol: 'icmp',
      payload: icmpEcho(7),
    } as const;
    const came = await container.send(frameOf(container, container.router.mac, ipv4(packet)));
    return came.map(readAnswer).some((answer) => answer?.kind === 'echo');
  },
  'UDP to a machine outside': async ({ asking: container }) => {
    const { lan } = outsiders;
    await lan.send();
    await container.send(to(container, lan.address, 7, 'outside'));
    return (await lan.send()).some((frame) => frame.includes('outside'));
  },
  'a question for a name outside': async (opened) => {
    const { asking, container } = opened;
    const { lan } = outsiders;
    await Promise.all([lan, container, opened.second].map((one) => one.send()));
    await asking.resolve('name.example');
    // It asks one after the other, in whichever order: the one outside is between two others.
    for (const server of [container, opened.second]) {
      const isAsked = async (): Promise<boolean> => (await server.send()).some((frame) => frame.includes('example'));
      // oxlint-disable-next-line no-await-in-loop
      await until(isAsked, { what: `the name server ${server.address} to be asked` });
    }
    return (await lan.send()).some((frame) => frame.includes('example'));
  },
};

const addresses6 = (bridge: string): Promise<string> =>
  outputOf(execHere, ['ip', '-6', '-o', 'addr', 'show', 'dev', bridge]);

const to = (container: Attacker, address: string, port: number, text: string): Buffer =>
  frameOf(
    container,
    container.router.mac,
    ipv4({ from: container.address, to: address, protocol: 'udp', payload: udp(4_001, port, text) }),
  );

/** A forward, and a container with name servers on its own network and on the LAN. */
const open = async (strategy: 'nftables' | 'iptables', hermetic: boolean) => {
  const scene = await openForward(docker, outsiders, ears, { strategy, hermetic });
  const start = (dns: readonly string[]): Promise<Attacker> =>
    startAttacker(docker, scene.net.networkName, scene.container.router, { dns });
  const second = await start([]);
  const asking = await start([scene.container.address, outsiders.lan.address, second.address]);
  return {
    ...scene,
    asking,
    second,
    [Symbol.asyncDispose]: async () => {
      await second[Symbol.asyncDispose]();
      await asking[Symbol.asyncDispose]();
      await scene[Symbol.asyncDispose]();
    },
  };
};

const during = (strategy: 'nftables' | 'iptables', hermetic: boolean): (() => Opened) => {
  let opened: Opened | undefined;
  beforeAll(async () => void (opened = await open(strategy, hermetic)));
  afterAll(() => opened?.[Symbol.asyncDispose]());
  return () => opened as Opened;
};

// Without this none of the silences below would say anything.
describe('a network that is not hermetic', () => {
  const opened = during('nftables', false);
  test.each(Object.keys(ways))('lets through %s', async (way) => {
    expect(await ways[way]?.(opened())).toBe(true);
  });
  test('shows what listens on all addresses', async () => {
    const { container, front } = opened();
    expect(await scan(container, front.address, [forwarded.tcp, everybody.tcp])).toEqual([
      forwarded.tcp,
      everybody.tcp,
    ]);
  });
});

describe.each(['nftables', 'iptables'] as const)('a hermetic network by %s', (strategy) => {
  const opened = during(strategy, true);

  test.each(Object.keys(ways))('does not let through %s', async (way) => {
    expect(await ways[way]?.(opened())).toBe(false);
  });

  // 65,535 ports take a second or two: by one of them, since the tables are the same.
  const isWhole = strategy === 'nftables' || process.env['LHF_TEST_ALL'] === '1';
  test.each(isWhole ? ['its gateway', 'this host on the LAN', 'the default network’s gateway'] : [])(
    'shows the forwarded port of %s, and no other',
    async (whose) => {
      const { container, neighbour, front } = opened();
      const address = { 'its gateway': front.address, 'this host on the LAN': lanOfHost.address }[whose];
      expect(await scan(container, address ?? neighbour.router.address)).toEqual([forwarded.tcp]);
    },
  );

  test('is reached by its containers: the forwarded ports, and each other', async () => {
    const { container, asking, net, settle } = opened();
    await settle();
    await asking.send();
    await container.send(
      frameOf(
        container,
        asking.mac,
        ipv4({ from: container.address, to: asking.address, protocol: 'udp', payload: udp(4_002, 7, 'hello') }),
      ),
    );
    expect((await asking.send()).some((frame) => frame.includes('hello'))).toBe(true);
    expect((await net.verify()).ports.map(({ proof }) => proof)).toHaveLength(2);
  });

  test('stays so when somebody flushes all rules, also those of iptables', async () => {
    // The engine's are among them: it makes no network without.
    const rules = await outputOf(execHere, ['iptables-save']);
    await outputOf(execHere, ['nft', 'flush', 'ruleset']);
    try {
      for (const [way, comesThrough] of Object.entries(ways))
        // oxlint-disable-next-line no-await-in-loop
        expect(await comesThrough(opened()), way).toBe(false);
    } finally {
      await outputOf(execHere, ['iptables-restore'], { input: rules });
    }
  });
});

test.each(['relay', 'sidecar', 'tunnel'] as const)('%s refuses, and says why', async (strategy) => {
  await expect(openLocalhostForward(8088, { strategy, hermetic: true })).rejects.toMatchObject({
    code: 'LHF_ERR_UNSUPPORTED',
    message: expect.stringContaining("leaves this host's other ports open") as string,
  });
});

test('without rights nothing is hermetic, and the refusal says what would be', async () => {
  await expect(openLocalhostForward(8088, { privilege: 'none', hermetic: true })).rejects.toMatchObject({
    code: 'LHF_ERR_UNSUPPORTED',
    message: expect.stringContaining('No strategy can keep a network hermetic here') as string,
  });
});
