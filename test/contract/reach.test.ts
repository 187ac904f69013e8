import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalhostForward, type LocalhostForward } from '../../src/index.ts';
import { gatewayOf } from '../../src/network/subnet.ts';
import { type NodeContainer, startNode } from '../support/containers.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenTcp, type TcpAnswer, type TcpService } from '../support/services.ts';
import { openPlainNetwork, opensBridgesItself } from './plain-network.ts';
import { isPodman } from './podman.ts';
import { isRootless, optionsOf, byRights } from './strategies.ts';

// A dropped packet is answered by nothing; an answer takes a thousandth of this.
const silenceMs = 1_000;

describe.each(byRights)('reaching 127.0.0.1 from containers by $name with $privilege', (claims) => {
  let service: TcpService;
  let other: TcpService;
  let net: LocalhostForward;
  let container: NodeContainer;

  beforeAll(async () => {
    [service, other] = await Promise.all([listenTcp(), listenTcp()]);
    net = await openLocalhostForward(service.port, {
      ...optionsOf(claims),
      hostname: ['host.docker.internal', 'host.testcontainers.internal'],
    });
    container = await startNode({
      networkName: net.networkName,
      extraHosts: net.extraHosts,
      capabilities: ['NET_ADMIN'],
    });
  });
  afterAll(async () => {
    await container?.remove();
    await Promise.all([net?.close(), service?.close(), other?.close()]);
  });

  const seenAs = ({ address }: NodeContainer): string => (claims.keepsCallerAddress ? address : '127.0.0.1');

  test('a service on 127.0.0.1 alone answers by name and sees its caller', async () => {
    expect(net).toMatchObject({ strategy: claims.name, privilege: claims.privilege });
    const { answer } = await container.get<TcpAnswer>(net.url());
    expect(answer).toEqual({ youAre: seenAs(container), marker: service.marker });
  });

  test('each of its names stands for it', async () => {
    const [first = '', second = ''] = net.hostnames;
    expect([first, second]).toEqual(['host.docker.internal', 'host.testcontainers.internal']);
    const { answer } = await container.get<TcpAnswer>(net.url().replace(first, second));
    expect(answer).toMatchObject({ marker: service.marker });
  });

  test('the name that the engine resolves itself, host-gateway, works where it is claimed to, and is refused elsewhere', async () => {
    await using usual = await startNode({
      networkName: net.networkName,
      extraHosts: ['host.docker.internal:host-gateway'],
    });
    const { answer, error } = await usual.get<TcpAnswer>(`http://host.docker.internal:${service.port}`);
    const answered = { youAre: seenAs(usual), marker: service.marker };
    // Podman's stands for the network's own gateway.
    const isOwn = claims.standsAtGateway && (await isPodman());
    expect(answer ?? error).toEqual(claims.answersHostGateway || isOwn ? answered : 'ECONNREFUSED');
  });

  test('a container of the network with the same port number is reached as itself', async () => {
    await using neighbour = await startNode({ networkName: net.networkName, extraHosts: net.extraHosts });
    await neighbour.serve(service.port, { marker: 'neighbour' });
    expect(await container.get(`http://${neighbour.address}:${service.port}`)).toEqual({
      answer: { marker: 'neighbour' },
    });
  });

  test.runIf(claims.confines)('containers of other networks cannot use the forward', async () => {
    const before = service.callers.length;
    await using plain = await openPlainNetwork();
    await using stranger = await startNode({
      networkName: plain.name,
      extraHosts: [`host.docker.internal:${plain.gateway}`],
    });
    for (const host of ['host.docker.internal', net.gateway]) {
      const { error } = await stranger.get(`http://${host}:${service.port}`);
      expect(error, host).toMatch(host === net.gateway ? claims.refusesStrangers : /^(ECONNREFUSED|TIMEOUT)$/);
    }
    expect(service.callers).toHaveLength(before);
    // Nor does the forward answer for them: what is not local passes, though most engines keep networks apart.
    await stranger.serve(service.port, { marker: 'stranger' });
    const { error } = await container.connect(stranger.address, service.port, silenceMs);
    const url = `http://${stranger.address}:${service.port}`;
    expect(error ?? (await container.get(url)).answer).toEqual(
      error === undefined ? { marker: 'stranger' } : 'TIMEOUT',
    );
  });

  test.runIf(claims.confines)('other ports of 127.0.0.1 stay closed', async () => {
    const { error } = await container.connect('host.docker.internal', other.port);
    expect(error).toMatch(/ECONNREFUSED|TIMEOUT/);
  });

  test.skipIf(isRootless)('the guard keeps them closed for a container that writes to 127.0.0.1 itself', async () => {
    await routeLoopbackOut(container, gatewayOf(net.subnet));
    const dials = [other.port, service.port].map((port) => container.connect('127.0.0.1', port, silenceMs));
    // Without rules there is no guard: what the engine itself opens stays open.
    const isOpen = !claims.opensBridge && (await opensBridgesItself());
    const outcome = isOpen ? { answer: 'connected' } : { error: 'TIMEOUT' };
    expect(await Promise.all(dials)).toEqual([outcome, outcome]);
    expect(other.callers).toEqual(isOpen ? [container.address] : []);
    const { reason = '' } = net.reasons.find(({ chosen }) => chosen) ?? {};
    expect(/it puts no guard there/.test(reason), reason).toBe(isOpen && claims.confines);
  });
});

// What the guard is for: without it the same container gets in, so that the silence above is the guard's.
test.skipIf(isRootless)(
  'route_localnet without a guard lets a container in that writes to 127.0.0.1 itself',
  async () => {
    await using service = await listenTcp();
    await using plain = await openPlainNetwork();
    await using container = await startNode({ networkName: plain.name, capabilities: ['NET_ADMIN'] });
    await routeLoopbackOut(container, plain.gateway);
    await writeFile(`/proc/sys/net/ipv4/conf/${plain.bridge}/route_localnet`, '1');
    expect(await container.connect('127.0.0.1', service.port)).toEqual({ answer: 'connected' });
    expect(service.callers).toEqual([container.address]);
  },
);

// 127/8 goes out by the bridge in place of the container's own loopback, as an attacker with NET_ADMIN would have it.
const routeLoopbackOut = async ({ pid, address }: NodeContainer, gateway: string): Promise<void> => {
  const script = `
    set -e
    for file in all eth0; do echo 1 > /proc/sys/net/ipv4/conf/$file/route_localnet; done
    ip addr del 127.0.0.1/8 dev lo
    ip route del local 127.0.0.0/8 table local 2> /dev/null || true
    ip route add 127.0.0.1/32 via "$1" src "$2"
  `;
  await outputOf(execHere, [
    'nsenter',
    '-t',
    String(pid),
    '-n',
    'sh',
    '-c',
    script,
    'route-loopback-out',
    gateway,
    address,
  ]);
};
