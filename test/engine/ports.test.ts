import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalhostForward, type LocalhostForward } from '../../src/index.ts';
import { type NodeContainer, startNode } from '../support/containers.ts';
import { listenTcp, listenUdp, type TcpAnswer } from '../support/services.ts';

const host = 'host.docker.internal';

describe.each(['nftables', 'iptables'] as const)('the ports of a forward by %s', (strategy) => {
  let net: LocalhostForward;
  let container: NodeContainer;

  beforeAll(async () => {
    net = await openLocalhostForward([], { strategy, verify: false });
    container = await startNode({ networkName: net.networkName, extraHosts: net.extraHosts });
  });
  afterAll(async () => {
    await container?.remove();
    await net?.close();
  });

  const markerAt = async (containerPort: number): Promise<string | undefined> => {
    const { answer, error } = await container.get<TcpAnswer>(net.url(containerPort));
    return answer?.marker ?? error;
  };

  test('several at once: another number inside, a free one for 0, UDP beside TCP', async () => {
    await using first = await listenTcp();
    await using second = await listenTcp();
    await using datagrams = await listenUdp();
    const ports = [
      { hostPort: first.port, containerPort: 80 },
      second.port,
      { hostPort: datagrams.port, containerPort: 80, protocol: 'udp' },
      { hostPort: 0, containerPort: 81 },
      0,
    ] as const;
    await using several = await openLocalhostForward(ports, { strategy, verify: false });
    const picked = several.ports.slice(3).map(({ hostPort }) => hostPort);
    expect(several.ports).toEqual([
      { hostPort: first.port, containerPort: 80, protocol: 'tcp', hostAddress: '127.0.0.1' },
      { hostPort: second.port, containerPort: second.port, protocol: 'tcp', hostAddress: '127.0.0.1' },
      { hostPort: datagrams.port, containerPort: 80, protocol: 'udp', hostAddress: '127.0.0.1' },
      { hostPort: picked[0], containerPort: 81, protocol: 'tcp', hostAddress: '127.0.0.1' },
      { hostPort: picked[1], containerPort: picked[1], protocol: 'tcp', hostAddress: '127.0.0.1' },
    ]);
    expect(picked.every((port) => port > 0)).toBe(true);
    await using third = await listenTcp({ port: picked[0] ?? 0 });
    await using caller = await startNode({ networkName: several.networkName, extraHosts: several.extraHosts });
    for (const [containerPort, { marker }] of [
      [80, first],
      [second.port, second],
      [81, third],
    ] as const) {
      const { answer } = await caller.get<TcpAnswer>(several.url(containerPort));
      expect(answer, String(containerPort)).toEqual({ youAre: caller.address, marker });
    }
    expect(await caller.send(host, 80, 'echo')).toEqual({ answer: 'echo' });
    expect(datagrams.callers).toEqual([caller.address]);
    // The same number inside as outside was not asked for.
    expect((await caller.connect(host, first.port)).error).toBeDefined();
  });

  test('come and go while containers run', async () => {
    await using service = await listenTcp();
    await using datagrams = await listenUdp();
    expect(await net.forward({ hostPort: service.port, containerPort: 90 })).toEqual({
      hostPort: service.port,
      containerPort: 90,
      protocol: 'tcp',
      hostAddress: '127.0.0.1',
    });
    await net.forward({ hostPort: datagrams.port, containerPort: 90, protocol: 'udp' });
    expect(await markerAt(90)).toBe(service.marker);
    expect(await container.send(host, 90, 'one')).toEqual({ answer: 'one' });
    await expect(net.forward({ hostPort: service.port, containerPort: 90 })).rejects.toMatchObject({
      code: 'LHF_ERR_INVALID_OPTION',
    });

    await net.unforward(90);
    expect(await container.connect(host, 90)).toEqual({ error: 'ECONNREFUSED' });
    expect(await container.send(host, 90, 'two')).toEqual({ answer: 'two' });
    expect(net.ports).toEqual([
      { hostPort: datagrams.port, containerPort: 90, protocol: 'udp', hostAddress: '127.0.0.1' },
    ]);
    await expect(net.unforward(90)).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
    await net.unforward(90, 'udp');
    expect(await container.send(host, 90, 'three')).toEqual({ error: 'ECONNREFUSED' });

    // The same number stands for another service now.
    await using successor = await listenTcp();
    await net.forward({ hostPort: successor.port, containerPort: 90 });
    expect(await markerAt(90)).toBe(successor.marker);
    await net.unforward(90);
  });

  test('a service may come and go: refused meanwhile', async () => {
    const first = await listenTcp();
    const { port } = first;
    await net.forward(port);
    expect(await markerAt(port)).toBe(first.marker);
    await first.close();
    expect(await markerAt(port)).toBe('ECONNREFUSED');
    await using second = await listenTcp({ port });
    expect(await markerAt(port)).toBe(second.marker);
    await net.unforward(port);
  });

  test('a service on ::1 alone is relayed, one that has gone is not answered for', async () => {
    const service = await listenTcp({ host: '::1' });
    expect(await net.forward({ hostPort: service.port, containerPort: 91 })).toMatchObject({
      hostPort: service.port,
      hostAddress: '::1',
    });
    const { answer } = await container.get<TcpAnswer>(net.url(91));
    expect(answer).toEqual({ youAre: '::1', marker: service.marker });
    await service.close();
    expect(await markerAt(91)).toMatch(/ECONNREFUSED|ECONNRESET/);
    await net.unforward(91);
    expect(await markerAtAddress(91)).toBe('ECONNREFUSED');
  });

  test('hits count connections, packets and bytes of each port', async () => {
    await using service = await listenTcp();
    await using datagrams = await listenUdp();
    await net.forward({ hostPort: service.port, containerPort: 92 });
    await net.forward({ hostPort: datagrams.port, containerPort: 93, protocol: 'udp' });
    expect(await net.hits()).toEqual({ connections: 0, packets: 0, bytes: 0 });
    for (let n = 0; n < 3; n += 1) expect(await markerAt(92)).toBe(service.marker);
    const tcp = await net.hits(92);
    expect(tcp.connections).toBe(3);
    // A handshake, a request and an end each, with 20 bytes of IP and 20 of TCP at least.
    expect(tcp.packets).toBeGreaterThanOrEqual(12);
    expect(tcp.bytes).toBeGreaterThanOrEqual(tcp.packets * 40);
    expect(await net.hits(93)).toEqual({ connections: 0, packets: 0, bytes: 0 });
    await container.send(host, 93, 'four');
    // 20 bytes of IP, 8 of UDP.
    expect(await net.hits(93)).toEqual({ connections: 1, packets: 1, bytes: 32 });
    const all = await net.hits();
    expect(all.connections).toBe(4);
    await expect(net.hits(94)).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
    await Promise.all([net.unforward(92), net.unforward(93, 'udp')]);
    expect(net.ports).toEqual([]);
  });

  const markerAtAddress = async (containerPort: number): Promise<string | undefined> =>
    (await container.connect(net.gateway, containerPort)).error;
});
