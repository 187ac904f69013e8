import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOpener, tracesAtLast } from '../crash/trace.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';
import { until } from '../support/until.ts';
import { startAttacker, type Attacker } from './attacker.ts';
import { openEars, type Ears } from './ears.ts';
import { frameOf, ipv4, udp, udp6Frame } from './frames.ts';
import { openForward, openOutsiders, stationOf, type Outsiders } from './scene.ts';

requirePlace();
const docker = new Docker();
let ears: Ears;
let outsiders: Outsiders;
beforeAll(async () => {
  ears = await openEars();
  outsiders = await openOutsiders(docker);
});
afterAll(async () => {
  await outsiders?.[Symbol.asyncDispose]();
  await ears?.[Symbol.asyncDispose]();
});

const makeBridge = (bridge: string, { subnet = '198.51.100.32/28', gateway = '198.51.100.33' } = {}) =>
  docker.createNetwork({
    Name: bridge,
    Options: { 'com.docker.network.bridge.name': bridge },
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gateway }] },
  });

/** Whether a raw frame of a container there comes to 127.0.0.1, told by one that comes to the gateway after it. */
const reaches = async (attacker: Attacker): Promise<boolean> => {
  const [first, last] = [`first ${Math.random()}`, `last ${Math.random()}`];
  const send = (to: string, port: number, text: string): Promise<Buffer[]> => {
    const packet = ipv4({ from: attacker.address, to, protocol: 'udp', payload: udp(9, port, text) });
    return attacker.send(frameOf(attacker, attacker.router.mac, packet));
  };
  await send('127.0.0.1', ears.udp.secret, first);
  await send(attacker.router.address, ears.udp.everywhere, last);
  await until(async () => (await ears.heard(last)).length > 0, { what: 'the frame to the gateway' });
  return (await ears.heard(first)).length > 0;
};

describe.each(['nftables', 'iptables'] as const)('a bridge’s name, by %s', (strategy) => {
  test('somebody makes a network of a dead forward’s name: its containers get nothing by that', async () => {
    await using opener = startOpener(strategy, 'live');
    const [, bridge = ''] = (await opener.waitForLine(/^open /)).split(' ');
    await opener.kill('SIGKILL');
    expect(await tracesAtLast(opener.process.pid)).toEqual([]);
    const network = await makeBridge(bridge);
    {
      await using attacker = await startAttacker(docker, bridge, await stationOf(bridge));
      expect(await reaches(attacker)).toBe(false);
      // So they would where the bridge was left open, and nothing guarded it.
      await outputOf(execHere, ['sysctl', '-q', '-w', `net.ipv4.conf.${bridge}.route_localnet=1`]);
      expect(await reaches(attacker)).toBe(true);
    }
    await network.remove();
  });

  test('somebody takes a living forward’s network and makes one of its name: 127/8 stays shut', async () => {
    const scene = await openForward(docker, outsiders, ears, { strategy });
    const { bridgeName, networkId } = scene.net;
    await scene.container[Symbol.asyncDispose]();
    await docker.getNetwork(networkId).remove();
    // Its members' addresses are those of the forward's.
    const network = await makeBridge(bridgeName, scene.net);
    {
      await using attacker = await startAttacker(docker, bridgeName, await stationOf(bridgeName));
      expect(await reaches(attacker)).toBe(false);
      expect(await readFile(`/proc/sys/net/ipv4/conf/${bridgeName}/route_localnet`, 'utf8')).toBe('0\n');
      // Whoever opens it himself meets the guard, which knows bridges by their names.
      await outputOf(execHere, ['sysctl', '-q', '-w', `net.ipv4.conf.${bridgeName}.route_localnet=1`]);
      const sent = ipv4({
        from: attacker.address,
        to: '127.0.0.1',
        protocol: 'udp',
        payload: udp(9, ears.udp.secret, `guarded ${bridgeName}`),
      });
      await attacker.send(frameOf(attacker, attacker.router.mac, sent));
      await attacker.send();
      expect(await ears.heard(`guarded ${bridgeName}`)).toEqual([]);
    }
    await network.remove();
    await scene.net.close();
  });
});

test('a raw frame to ::1 is dropped by the kernel, where one to the bridge’s own address arrives', async () => {
  const scene = await openForward(docker, outsiders, ears, { strategy: 'nftables' });
  const everywhere = createSocket({ type: 'udp6', ipv6Only: true }).bind(0, '::');
  await once(everywhere, 'listening');
  const heard: string[] = [];
  everywhere.on('message', (message) => heard.push(message.toString()));
  const { port } = everywhere.address();
  const linkLocal = (mac: string): Buffer => {
    const [a = 0, b, c, d, e, f] = mac.split(':').map((part) => parseInt(part, 16));
    return Buffer.from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b ?? 0, c ?? 0, 0xff, 0xfe, d ?? 0, e ?? 0, f ?? 0]);
  };
  const { container } = scene;
  const send = (to: Buffer, text: string): Promise<Buffer[]> => {
    const from = { ...container, address6: linkLocal(container.mac) };
    return container.send(udp6Frame(from, container.router.mac, to, [9, port, text]));
  };
  const loopback = Buffer.from([...Array.from({ length: 15 }, () => 0), 1]);
  await until(
    async () => {
      await send(loopback, 'loopback');
      await send(linkLocal(container.router.mac), 'link-local');
      return heard.includes('link-local');
    },
    { what: 'a frame to the link-local address' },
  );
  expect(heard).not.toContain('loopback');
  everywhere.close();
  await scene[Symbol.asyncDispose]();
});
