import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalhostForward, type LocalhostForward } from '../../src/index.ts';
import { type NodeContainer, startNode } from '../support/containers.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { listenTcp, listenUdp, type TcpAnswer } from '../support/services.ts';
import { expectNothingLeft } from './left.ts';
import { isPodman } from './podman.ts';
import { byWay, optionsOf } from './strategies.ts';

const host = 'host.docker.internal';
const [carrying, others] = [true, false].map((carries) =>
  byWay.filter((claims) => claims.carries.includes('udp') === carries),
);

describe.each(carrying ?? [])('UDP by $name with $privilege', (claims) => {
  let net: LocalhostForward;
  let container: NodeContainer;

  beforeAll(async () => {
    net = await openLocalhostForward([], optionsOf(claims));
    container = await startNode({ networkName: net.networkName, extraHosts: net.extraHosts });
  });
  afterAll(async () => {
    await container?.remove();
    await net?.close();
  });

  test('stands beside TCP of the same number, and sees its caller', async () => {
    await using service = await listenTcp();
    await using datagrams = await listenUdp();
    const ports = [
      { hostPort: service.port, containerPort: 80 },
      { hostPort: datagrams.port, containerPort: 80, protocol: 'udp' },
      { hostPort: 0, containerPort: 81, protocol: 'udp' },
    ] as const;
    await using both = await openLocalhostForward(ports, optionsOf(claims));
    const picked = both.ports[2]?.hostPort ?? 0;
    expect(both.ports.slice(1)).toEqual([
      { hostPort: datagrams.port, containerPort: 80, protocol: 'udp', hostAddress: '127.0.0.1' },
      { hostPort: picked, containerPort: 81, protocol: 'udp', hostAddress: '127.0.0.1' },
    ]);
    await using other = await listenUdp({ port: picked });
    await using caller = await startNode({ networkName: both.networkName, extraHosts: both.extraHosts });
    expect(await caller.send(host, 80, 'echo')).toEqual({ answer: 'echo' });
    expect(datagrams.callers).toEqual([claims.keepsCallerAddress ? caller.address : '127.0.0.1']);
    expect(await caller.send(host, 81, 'other')).toEqual({ answer: 'other' });
    expect(other.received).toEqual(['other']);
    const { answer } = await caller.get<TcpAnswer>(both.url(80));
    expect(answer?.marker).toBe(service.marker);
  });

  test('is proven before its service listens, and that is no hit', async () => {
    const { port } = await listenUdp().then(async (service) => {
      await service[Symbol.asyncDispose]();
      return service;
    });
    const ports = { hostPort: port, containerPort: 82, protocol: 'udp' } as const;
    await using proven = await openLocalhostForward(ports, { ...optionsOf(claims), verify: true });
    expect(await proven.hits(82)).toEqual({ attempts: 0, connections: 0, packets: 0, bytes: 0 });
  });

  test('port 53 is as any other, but for those who listen beside Podman’s own DNS on the gateway', async () => {
    await using datagrams = await listenUdp();
    const ports = { hostPort: datagrams.port, containerPort: 53, protocol: 'udp' } as const;
    const opening = openLocalhostForward(ports, optionsOf(claims));
    if (claims.takesPorts && (await isPodman())) {
      const message = expect.stringMatching(/:53: something listens there[^]*\nTry: ss -lunp 'sport = :53'$/) as string;
      await expect(opening).rejects.toMatchObject({ code: 'LHF_ERR_PORT_IN_USE', message });
      return;
    }
    await using named = await opening;
    await using caller = await startNode(named);
    expect(await caller.send(named.gateway, 53, 'hello')).toEqual({ answer: 'hello' });
    await caller.remove();
  });

  test('comes and goes while containers run', async () => {
    await using service = await listenTcp();
    await using datagrams = await listenUdp();
    await net.forward({ hostPort: service.port, containerPort: 90 });
    await net.forward({ hostPort: datagrams.port, containerPort: 90, protocol: 'udp' });
    expect(await container.send(host, 90, 'one')).toEqual({ answer: 'one' });
    await net.unforward(90);
    expect(await container.send(host, 90, 'two')).toEqual({ answer: 'two' });
    expect(net.ports).toEqual([
      { hostPort: datagrams.port, containerPort: 90, protocol: 'udp', hostAddress: '127.0.0.1' },
    ]);
    await net.unforward(90, 'udp');
    expect(await container.send(host, 90, 'three')).toEqual({ error: 'ECONNREFUSED' });
    expect(datagrams.received).toEqual(['one', 'two']);
  });

  test('case 21: follows at once for who goes on sending', async () => {
    await using first = await listenUdp();
    await using second = await listenUdp();
    // One flow to the kernel, as one socket has it, that began before anything was forwarded.
    const say = (text: string) => container.send(host, 94, text, 5_000, 20_094);
    const port = { containerPort: 94, protocol: 'udp' } as const;
    expect(await say('early')).toEqual({ error: 'ECONNREFUSED' });
    await net.forward({ ...port, hostPort: first.port });
    expect(await say('one')).toEqual({ answer: 'one' });
    await net.unforward(94, 'udp');
    expect(await say('none')).toEqual({ error: 'ECONNREFUSED' });
    await net.forward({ ...port, hostPort: second.port });
    expect(await say('two')).toEqual({ answer: 'two' });
    await net.unforward(94, 'udp');
    await net.forward({ ...port, hostPort: first.port });
    expect(await say('three')).toEqual({ answer: 'three' });
    await net.unforward(94, 'udp');
    expect([first.received, second.received]).toEqual([['one', 'three'], ['two']]);
  });

  test('case 21: what a service says after its port is closed goes nowhere', async () => {
    const service = createSocket('udp4').bind(0, '127.0.0.1');
    await once(service, 'listening');
    await net.forward({ hostPort: service.address().port, containerPort: 95, protocol: 'udp' });
    const asked = once(service, 'message');
    let isWaiting = true;
    const answer = container.send(host, 95, 'say it later', 3_000).finally(() => (isWaiting = false));
    const [, caller] = (await asked) as [Buffer, RemoteInfo];
    await net.unforward(95, 'udp');
    expect(isWaiting).toBe(true);
    service.send('late', caller.port, caller.address);
    expect(await answer).toEqual({ error: 'TIMEOUT' });
    service.close();
  });

  test('is counted by flow, packet and byte', async () => {
    await using datagrams = await listenUdp();
    await net.forward({ hostPort: datagrams.port, containerPort: 93, protocol: 'udp' });
    expect(await net.hits(93)).toEqual({ attempts: 0, connections: 0, packets: 0, bytes: 0 });
    await container.send(host, 93, 'four');
    // 20 bytes of IP, 8 of UDP; or four there and four back.
    const [packets, bytes] = claims.counts === 'packets' ? [1, 32] : [2, 8];
    expect(await net.hits(93)).toEqual({ attempts: 1, connections: 1, packets, bytes });
    await net.unforward(93, 'udp');
  });
});

describe.each(others ?? [])('UDP by $name, which does not carry it', (claims) => {
  test('is refused before anything is made', async () => {
    const before = await snapshotHere();
    const opening = openLocalhostForward({ hostPort: 8088, protocol: 'udp' }, optionsOf(claims));
    await expect(opening).rejects.toMatchObject({
      code: 'LHF_ERR_NO_STRATEGY',
      message: expect.stringContaining(`${claims.name}: carries no UDP`) as string,
    });
    await expectNothingLeft(claims, before);
  });

  test('is refused later, too, and leaves the forward as it is', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, optionsOf(claims));
    await expect(net.forward({ hostPort: 8088, protocol: 'udp' })).rejects.toMatchObject({
      code: 'LHF_ERR_UNSUPPORTED',
      message: expect.stringMatching(/carries TCP only.*\nTry: strategy: 'nftables'/) as string,
    });
    expect(net.ports.map(({ protocol }) => protocol)).toEqual(['tcp']);
    await using container = await startNode(net);
    expect(await container.get(net.url())).toMatchObject({ answer: { marker: service.marker } });
  });
});
