import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { firstAddressOf } from '../../src/network/subnet.ts';
import { startUserContainer } from '../crash/container.ts';
import { spawnScript } from '../support/children.ts';
import { answers, startEngine, stopEngine } from '../support/engine-daemon.ts';
import { requirePlace } from '../support/place.ts';
import { exitOf, execHere, outputOf, spawnHere } from '../support/run.ts';
import { isGuarded } from '../crash/trace.ts';
import { until } from '../support/until.ts';
import { frameOf, ipv4, udp, udp6Frame } from './frames.ts';
import { lanOfHost, lanOfOther, openOutsiders, stationOf, type Outsiders } from './scene.ts';

// What a hermetic network is closed to stays closed when its process is killed: a container and a machine of the LAN send without a pause
// before the death, during it, and until the network is gone. The engine's own rules are out of the way.
requirePlace();
const docker = new Docker();
const flood = readFileSync(fileURLToPath(new URL('programs/flood.pl', import.meta.url)), 'utf8');
const hear6 = readFileSync(fileURLToPath(new URL('programs/hear6.pl', import.meta.url)), 'utf8');
const opener = fileURLToPath(new URL('programs/open-and-live.ts', import.meta.url));
const run = (...argv: readonly string[]): Promise<string> => outputOf(execHere, argv);

let outsiders: Outsiders;
beforeAll(async () => {
  outsiders = await openOutsiders(docker);
  await run('iptables', '-I', 'DOCKER-USER', '-j', 'ACCEPT');
});
afterAll(async () => {
  await run('iptables', '-D', 'DOCKER-USER', '-j', 'ACCEPT');
  await outsiders?.[Symbol.asyncDispose]();
});

/** Services of this host on all addresses, and whether anything ever came to them. */
const listenForEverybody = async () => {
  const heard = new Set<string>();
  const four = createSocket('udp4').on('message', (text) => heard.add(text.toString()));
  await once(four.bind(0, '0.0.0.0'), 'listening');
  // Node has an uncaught exception for each datagram of a link-local sender whose interface has gone before it is read.
  const six = spawnHere(['perl', '-e', hear6], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: six.stdout ?? new PassThrough() });
  const [portOfSix] = (await once(lines, 'line')) as [string];
  lines.on('line', (text) => heard.add(text));
  const sender = createSocket('udp6');
  const ports = { four: four.address().port, six: Number(portOfSix) };
  return {
    soFar: heard as ReadonlySet<string>,
    ports,
    /** Whatever came before now: datagrams wait in one queue. */
    heard: async (): Promise<ReadonlySet<string>> => {
      four.send('four now', ports.four, '127.0.0.1');
      sender.send('six now', ports.six, '::1');
      await until(() => heard.has('four now') && heard.has('six now'), { what: 'the own datagrams' });
      return heard;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of [four, sender]) socket.close();
      six.kill('SIGKILL');
      await exitOf(six);
    },
  };
};

const stranger = '02:00:00:00:00:77';
const linkLocal = (mac: string): Buffer => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac.split(':').map((byte) => Number.parseInt(byte, 16));
  return Buffer.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
};

const packetsOf = (device: string): number =>
  Number(readFileSync(`/sys/class/net/${device}/statistics/rx_packets`, 'utf8'));
/** How many come in the worst case before it is killed: enough for each kind to be under way. */
const some = 1_000;

/** Kills a forward's process in the midst of it all, and tells what came through from before that until its network was gone. */
const attackDeath = async (strategy: string, kind: 'hermetic' | 'open', { isKilled = false } = {}) => {
  const place = requirePlace();
  await using everybody = await listenForEverybody();
  await using process = spawnScript({ file: opener, args: [strategy, kind] });
  const [, bridge = '', subnet = ''] = (await process.waitForLine(/^open /)).split(' ');
  const router = await stationOf(bridge);
  const [address, self] = [firstAddressOf(subnet), { mac: stranger, address: firstAddressOf(subnet) }];
  const datagram = (to: string, port: number, text: string): Buffer =>
    ipv4({ from: address, to, protocol: 'udp', payload: udp(4_000, port, text) });
  const frames = [
    frameOf(self, router.mac, datagram(router.address, everybody.ports.four, 'gateway')),
    frameOf(self, router.mac, datagram(lanOfHost.address, everybody.ports.four, 'lan')),
    frameOf(self, router.mac, datagram(lanOfOther.address, 7, 'outside')),
    udp6Frame({ ...self, address6: linkLocal(stranger) }, router.mac, linkLocal(router.mac), [
      4_000,
      everybody.ports.six,
      'six',
    ]),
  ];
  const inward = frameOf(
    lanOfOther,
    lanOfHost.mac,
    ipv4({ from: lanOfOther.address, to: address, protocol: 'udp', payload: udp(4_000, 7, 'inward') }),
  );
  const words = (device: string, heard: string, ...sent: readonly Buffer[]): string[] => [
    'perl',
    '-e',
    flood,
    device,
    heard,
    ...sent.map((frame) => frame.toString('hex')),
  ];
  const quoted = words('eth0', 'inward', ...frames).map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`);
  const container = await startUserContainer(docker, {
    network: bridge,
    name: `flood-${bridge}`,
    script: `exec ${quoted.join(' ')}`,
  });
  const sender = spawnHere(['ip', 'netns', 'exec', 'lan', ...words('lan1', 'outside', inward)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  sender.stdout?.on('data', (text: Buffer) => (said += text.toString()));
  const seen = async (heard: ReadonlySet<string>) => {
    const logs = (await container.logs({ stdout: true, stderr: true })).toString();
    return {
      gateway: heard.has('gateway'),
      lan: heard.has('lan'),
      six: heard.has('six'),
      outside: said.includes('heard'),
      inward: logs.includes('heard'),
    };
  };
  try {
    const [link = ''] = readdirSync(`/sys/class/net/${bridge}/brif`);
    const more = async (device: string, count: number): Promise<void> => {
      const from = packetsOf(device);
      await until(() => packetsOf(device) >= from + count, { what: `${count} more on ${device}` });
    };
    await Promise.all([more(link, some), more('lan0', some)]);
    // What is to come through has its time: an address is asked for first.
    if (kind === 'open')
      await until(async () => !Object.values(await seen(everybody.soFar)).includes(false), {
        what: 'all of it to come through',
      });
    const before = packetsOf('lan0');
    // Without an engine the network stays, and so does what keeps it shut.
    if (isKilled) await stopEngine(place, 'SIGKILL');
    await process.kill('SIGKILL');
    if (isKilled) {
      await until(isGuarded, { what: 'a guardian' });
      await more(link, 200 * some);
      await startEngine(place);
    }
    await until(() => !existsSync(`/sys/class/net/${bridge}`), { timeoutMs: 60_000, what: 'the network to go' });
    // Nobody has paused meanwhile.
    expect(packetsOf('lan0')).toBeGreaterThan(before);
    await more('lan0', some);
    return await seen(await everybody.heard());
  } finally {
    if (!(await answers(place.socketPath))) await startEngine(place);
    const ended = exitOf(sender);
    sender.kill('SIGKILL');
    await ended;
    await container.remove({ force: true });
  }
};

// Without this the silence below would say nothing.
test('a network that is not hermetic lets through all of it', async () => {
  expect(await attackDeath('nftables', 'open')).toEqual({
    gateway: true,
    lan: true,
    six: true,
    outside: true,
    inward: true,
  });
});

describe.each(['nftables', 'iptables'])('%s', (strategy) => {
  test.each([false, true])(
    'a hermetic network lets nothing out or in from its process’s death until it is gone, the engine killed before: %s',
    async (isKilled) => {
      expect(await attackDeath(strategy, 'hermetic', { isKilled })).toEqual({
        gateway: false,
        lan: false,
        six: false,
        outside: false,
        inward: false,
      });
    },
  );
});
