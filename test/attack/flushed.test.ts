import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasFirewalld, openFirewalld, type Firewalld } from '../support/firewalld.ts';
import { requirePlace } from '../support/place.ts';
import { openUfw } from '../support/ufw.ts';
import { until } from '../support/until.ts';
import { frameOf, ipv4, udp } from './frames.ts';
import { openEars, type Ears } from './ears.ts';
import { openForward, openOutsiders, openPlainRecipe, type Outsiders, type Scene } from './scene.ts';

// Rules of a whole network namespace go.
const place = requirePlace();
const docker = new Docker();
let ears: Ears;
let outsiders: Outsiders;
let firewalld: Firewalld | undefined;
let enginesRules: string;
beforeAll(async () => {
  ears = await openEars();
  outsiders = await openOutsiders(docker);
  const ufw = await openUfw(place);
  // Nothing of its own is to stop what we are to stop.
  await ufw.run('default', 'allow', 'incoming');
  if (!hasFirewalld) return;
  // It takes the engine's rules where it starts and where it ends, and the engine makes no network without.
  enginesRules = execFileSync('sh', ['-ec', 'iptables-save'], { encoding: 'utf8' });
  firewalld = await openFirewalld(place, 'trusted');
  shell('iptables-restore', enginesRules);
});
afterAll(async () => {
  await firewalld?.[Symbol.asyncDispose]();
  if (firewalld !== undefined) shell('iptables-restore', enginesRules);
  await outsiders?.[Symbol.asyncDispose]();
  await ears?.[Symbol.asyncDispose]();
});

/** A service of this host's that nobody forwards, and how many datagrams it has had, those that found no room included. */
const listenSecretly = async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let heard = 0;
  socket.on('message', () => (heard += 1));
  const { port } = socket.address();
  const place16 = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} `;
  return {
    port,
    came: (): number => {
      const fields = readFileSync('/proc/net/udp', 'utf8')
        .split('\n')
        .find((line) => line.includes(place16))
        ?.trim()
        .split(/\s+/);
      // What waits in its queue, in bytes, and what was dropped.
      const [, waiting = '0'] = fields?.[4]?.split(':') ?? [];
      return heard + parseInt(waiting, 16) + Number(fields?.at(-1));
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
};

const arrivedOn = (bridge: string): number =>
  readdirSync(`/sys/class/net/${bridge}/brif`)
    .map((link) => Number(readFileSync(`/sys/class/net/${link}/statistics/rx_packets`, 'utf8')))
    .reduce((sum, one) => sum + one, 0);

/** This process does nothing until so many frames more have come: no watch of its own sees anything. */
const blockFor = (bridge: string, frames: number): void => {
  const enough = arrivedOn(bridge) + frames;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  while (arrivedOn(bridge) < enough) Atomics.wait(pause, 0, 0, 1);
};

const shell = (script: string, input = ''): void => void execFileSync('sh', ['-ec', script], { input, stdio: 'pipe' });

/** What was flushed before took its table, and it replaces what is there. */
const reloadFirewalld = (how: string): void => {
  if (firewalld !== undefined) shell(`nft add table inet firewalld; ${firewalld.command} ${how}`);
};

/** What anybody does to a host's rules, with this process's event loop blocked. */
const faults: Readonly<Record<string, () => void>> = {
  // In this order: what is flushed by iptables leaves our tables of nft, and the last ones leave nothing but what nobody can flush.
  ...Object.fromEntries(
    ['raw', 'mangle', 'nat', 'filter'].map((table) => [
      `iptables -t ${table} -F`,
      () => shell(`iptables -t ${table} -F`),
    ]),
  ),
  'an empty iptables-restore': () =>
    shell('iptables-restore', ['raw', 'mangle', 'nat', 'filter'].map((table) => `*${table}\nCOMMIT\n`).join('')),
  'firewalld, loaded anew': () => reloadFirewalld('--reload'),
  'firewalld, loaded anew with all of netfilter': () => reloadFirewalld('--complete-reload'),
  'ufw, enabled and loaded anew': () => shell('ufw --force enable; ufw reload; ufw --force disable'),
  'nft flush ruleset': () => shell('nft flush ruleset'),
  'nft -f of an empty ruleset': () => shell('nft -f -', 'flush ruleset\n'),
};

/** Frames to 127.0.0.1 without a pause, until its container goes. */
const flood = async (scene: Scene, bridge: string, port: number): Promise<void> => {
  const { container } = scene;
  const packet = ipv4({ from: container.address, to: '127.0.0.1', protocol: 'udp', payload: udp(9, port, 'flood') });
  void container.flood(2 ** 40, frameOf(container, container.router.mac, packet)).catch(() => undefined);
  const first = arrivedOn(bridge);
  await until(() => arrivedOn(bridge) > first + 1_000, { what: 'the flood' });
};

test('the recipe that is told everywhere lets a flood to 127.0.0.1 through', async () => {
  await using secret = await listenSecretly();
  await using scene = await openPlainRecipe(docker, outsiders, ears);
  await flood(scene, 'plain-recipe', secret.port);
  blockFor('plain-recipe', 1_000);
  expect(secret.came()).toBeGreaterThan(0);
});

describe.each(['nftables', 'iptables'] as const)('%s, its process blocked, under a flood', (strategy) => {
  test('lets nothing through, whatever becomes of the rules', async () => {
    const rules = execFileSync('sh', ['-ec', 'iptables-save'], { encoding: 'utf8' });
    await using secret = await listenSecretly();
    const scene = await openForward(docker, outsiders, ears, { strategy });
    try {
      const { bridgeName } = scene.net;
      await flood(scene, bridgeName, secret.port);
      const came = Object.entries(faults).map(([name, fault]) => {
        fault();
        blockFor(bridgeName, 5_000);
        return [name, secret.came()];
      });
      expect(came).toEqual(Object.keys(faults).map((name) => [name, 0]));
      // The bridge is open: without the guard all of it would come.
      expect(readFileSync(`/proc/sys/net/ipv4/conf/${bridgeName}/route_localnet`, 'utf8')).toBe('1\n');
    } finally {
      // The engine's are among them: it removes no network without.
      shell('iptables-restore', rules);
      await scene[Symbol.asyncDispose]();
    }
  });
});
