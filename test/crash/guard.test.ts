import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { requirePlace } from '../support/place.ts';
import { openPrograms } from '../support/programs.ts';
import { execHere, outputOf, type Spawn } from '../support/run.ts';
import { listenTcp } from '../support/services.ts';
import { until } from '../support/until.ts';
import { datagrams, mayReroute, startUserContainer } from './container.ts';
import { startOpener, tracesAtLast, untilUnguarded } from './trace.ts';

// All of this is done to a firewall: never to the host's own.
requirePlace();
const docker = new Docker();
const run = (...argv: readonly string[]): Promise<string> => outputOf(execHere, argv);

// What a test flushes is the engine's, too: without its chains it makes no network.
let rules = '';
beforeEach(async () => {
  // Rules of a dead process that are put back stay.
  await untilUnguarded();
  rules = await run('iptables-save');
});
afterEach(async () => void (await outputOf(execHere, ['iptables-restore'], { input: rules })));

/** A service of the host's that nobody forwards, and what it heard of an intruder. */
const listenSecretly = async () => {
  const socket = createSocket('udp4');
  const heard: string[] = [];
  socket.on('message', (message) => heard.push(message.toString()));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  return {
    port,
    /** What came before now: datagrams wait in one queue, and only in one full of the intruder's our own finds no room. */
    heard: async (): Promise<number> => {
      socket.send('now', port, '127.0.0.1');
      await until(() => heard.length > 0, { what: 'the own datagram' });
      return heard.filter((text) => text === 'intruder').length;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
};

/** A container that sends to a port of 127.0.0.1 without a pause, and a wait for more of it to come to the bridge. */
const sendIntruder = async (bridge: string, gateway: string, port: number) => {
  const container = await startUserContainer(docker, {
    network: bridge,
    name: `intruder-${bridge}`,
    script: datagrams(gateway, port),
    more: mayReroute,
  });
  // Its own port of the bridge: what is dropped on the bridge is not counted by the bridge.
  const [link = ''] = await readdir(`/sys/class/net/${bridge}/brif`);
  const arrived = async (): Promise<number> =>
    Number(await readFile(`/sys/class/net/${link}/statistics/rx_packets`, 'utf8'));
  const more = async (count: number): Promise<void> => {
    const from = await arrived();
    await until(async () => (await arrived()) >= from + count, { timeoutMs: 60_000, what: `${count} more datagrams` });
  };
  await more(1_000);
  return { more, [Symbol.asyncDispose]: () => container.remove({ force: true }).then(() => undefined) };
};

const opening = async (strategy: string, port: number, spawn?: Spawn) => {
  const script = startOpener(strategy, 'obey', { port, ...(spawn === undefined ? {} : { spawn }) });
  const [, bridge = '', gateway = ''] = (await script.waitForLine(/^open /)).split(' ');
  return { script, bridge, gateway, [Symbol.asyncDispose]: () => script[Symbol.asyncDispose]() };
};

const faults: Readonly<Record<string, readonly string[]>> = {
  'the whole ruleset flushed': ['nft', 'flush', 'ruleset'],
  'the table of the guard deleted': [
    'sh',
    '-ec',
    'guards=$(nft list tables ip | grep -o "lhf_guard_[0-9a-z]*"); for guard in $guards; do nft delete table ip "$guard"; done',
  ],
  nothing: ['true'],
};
const faultsOf: Readonly<Record<string, typeof faults>> = {
  nftables: faults,
  // The guard is nft's by this strategy too, where nft can own tables.
  iptables: { ...faults, 'the table of the translations flushed': ['iptables', '-t', 'nat', '-F'] },
};

describe('a container that sends to 127.0.0.1 itself', () => {
  test('gets through where nothing guards the bridge', async () => {
    await using secret = await listenSecretly();
    const bridge = 'lhf-no-guard';
    const network = await docker.createNetwork({
      Name: bridge,
      Options: { 'com.docker.network.bridge.name': bridge },
      IPAM: { Config: [{ Subnet: '198.18.77.0/28', Gateway: '198.18.77.1' }] },
    });
    await run('sh', '-c', `echo 1 > /proc/sys/net/ipv4/conf/${bridge}/route_localnet`);
    {
      await using intruder = await sendIntruder(bridge, '198.18.77.1', secret.port);
      await intruder.more(1_000);
      expect(await secret.heard()).toBeGreaterThan(0);
    }
    await network.remove();
  });

  describe.each(['nftables', 'iptables'])('%s', (strategy) => {
    test.each(Object.entries(faultsOf[strategy] ?? {}))(
      '%s: it gets nothing through, and the next proof finds all in order',
      async (_, fault) => {
        await using secret = await listenSecretly();
        await using service = await listenTcp();
        await using opened = await opening(strategy, service.port);
        const { script, bridge, gateway } = opened;
        await using intruder = await sendIntruder(bridge, gateway, secret.port);
        await run(...fault);
        await intruder.more(50_000);
        script.send('verify');
        expect(await script.waitForLine(/^(verified|broken)/)).toBe('verified');
        await intruder.more(1_000);
        expect(await secret.heard()).toBe(0);
      },
    );

    test.each(['the whole ruleset flushed', 'nothing'])(
      '%s, then its process killed: it gets nothing through',
      async (fault) => {
        await using secret = await listenSecretly();
        await using opened = await opening(strategy, secret.port + 1);
        const { script, bridge, gateway } = opened;
        await using intruder = await sendIntruder(bridge, gateway, secret.port);
        await run(...(faults[fault] ?? []));
        await intruder.more(1_000);
        await script.kill('SIGKILL');
        await until(() => !existsSync(`/sys/class/net/${bridge}`), { timeoutMs: 60_000, what: 'the bridge to go' });
        expect(await secret.heard()).toBe(0);
      },
    );
  });
});

test.each(['nftables', 'iptables'])(
  '%s: a killed process’s bridge is closed to 127/8 before its owned table goes',
  async (strategy) => {
    const folder = await mkdtemp(join(tmpdir(), 'lhf-guard-'));
    afterAll(() => rm(folder, { recursive: true }));
    // In front of nft: its input has ended, so its tables are gone.
    const nft = `if [ "$1" != -i ]; then exec "$REAL" "$@"; fi; "$REAL" "$@"; cat "/proc/sys/net/ipv4/conf/$(cat ${folder}/bridge)/route_localnet" > ${folder}/part; mv ${folder}/part ${folder}/seen`;
    await using programs = await openPrograms({ nft });
    await using opened = await opening(strategy, 8088, programs.spawn);
    const { script, bridge } = opened;
    await run('sh', '-c', `echo ${bridge} > ${folder}/bridge`);
    expect(await readFile(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, 'utf8')).toBe('1\n');
    await script.kill('SIGKILL');
    await until(() => existsSync(`${folder}/seen`), { what: 'the end of nft' });
    expect(await readFile(`${folder}/seen`, 'utf8')).toBe('0\n');
    // Its guardian needs these programs to the end.
    expect(await tracesAtLast(script.process.pid)).toEqual([]);
  },
);
