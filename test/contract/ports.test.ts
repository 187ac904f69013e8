import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalhostForward, type LocalhostForward } from '../../src/index.ts';
import { type NodeContainer, startNode } from '../support/containers.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { expectNothingLeft } from './left.ts';
import { optionsOf, byRights } from './strategies.ts';

const host = 'host.docker.internal';

describe.each(byRights)('the ports of a forward by $name with $privilege', (claims) => {
  const options = optionsOf(claims);
  let net: LocalhostForward;
  let container: NodeContainer;

  beforeAll(async () => {
    net = await openLocalhostForward([], options);
    container = await startNode({ networkName: net.networkName, extraHosts: net.extraHosts });
  });
  afterAll(async () => {
    await container?.remove();
    await net?.close();
  });

  const markerAt = async (containerPort: number): Promise<string | undefined> => {
    const { answer, error } = await container.get<TcpAnswer>(`http://${host}:${containerPort}`);
    return answer?.marker ?? error;
  };

  test('several at once: another number inside, and a free one for 0', async () => {
    await using first = await listenTcp();
    await using second = await listenTcp();
    const ports = [
      { hostPort: first.port, containerPort: 80 },
      second.port,
      { hostPort: 0, containerPort: 81 },
      0,
    ] as const;
    await using several = await openLocalhostForward(ports, options);
    const picked = several.ports.slice(2).map(({ hostPort }) => hostPort);
    expect(several.ports).toEqual([
      { hostPort: first.port, containerPort: 80, protocol: 'tcp', hostAddress: '127.0.0.1' },
      { hostPort: second.port, containerPort: second.port, protocol: 'tcp', hostAddress: '127.0.0.1' },
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
      const youAre = claims.keepsCallerAddress ? caller.address : '127.0.0.1';
      expect(answer, String(containerPort)).toEqual({ youAre, marker });
    }
    // The same number inside as outside was not asked for.
    expect((await caller.connect(host, first.port)).error).toBeDefined();
  });

  test('come and go while containers run', async () => {
    await using service = await listenTcp();
    expect(await net.forward({ hostPort: service.port, containerPort: 90 })).toEqual({
      hostPort: service.port,
      containerPort: 90,
      protocol: 'tcp',
      hostAddress: '127.0.0.1',
    });
    await net.forward({ hostPort: service.port, containerPort: 91 });
    expect(await markerAt(90)).toBe(service.marker);
    await expect(net.forward({ hostPort: service.port, containerPort: 90 })).rejects.toMatchObject({
      code: 'LHF_ERR_INVALID_OPTION',
    });
    expect(await markerAt(90)).toBe(service.marker);

    await net.unforward(90);
    expect(await container.connect(host, 90)).toEqual({ error: 'ECONNREFUSED' });
    expect(await markerAt(91)).toBe(service.marker);
    expect(net.ports).toEqual([
      { hostPort: service.port, containerPort: 91, protocol: 'tcp', hostAddress: '127.0.0.1' },
    ]);
    await expect(net.unforward(90)).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
    await net.unforward(91);

    // The same number stands for another service now.
    await using successor = await listenTcp();
    await net.forward({ hostPort: successor.port, containerPort: 90 });
    expect(await markerAt(90)).toBe(successor.marker);
    await net.unforward(90);
  });

  test('what names no port is refused, and the port stays', async () => {
    await using service = await listenTcp();
    await net.forward({ hostPort: service.port, containerPort: 92 });
    await expect(net.unforward('92' as unknown as number)).rejects.toMatchObject({
      code: 'LHF_ERR_INVALID_OPTION',
      message: 'Expected `containerPort` to be an integer from 1 to 65535, got `"92"`',
    });
    await expect(net.unforward(92, 'TCP' as 'tcp')).rejects.toMatchObject({
      code: 'LHF_ERR_INVALID_OPTION',
      message: "Expected `protocol` to be one of 'tcp', 'udp', got `\"TCP\"`",
    });
    expect(await markerAt(92)).toBe(service.marker);
    await net.unforward(92);
  });

  test('a service may come and go: refused meanwhile', async () => {
    const first = await listenTcp();
    const { port } = first;
    await net.forward(port);
    expect(await markerAt(port)).toBe(first.marker);
    await first.close();
    expect(await markerAt(port)).toBe(claims.refusesAbsent);
    await using second = await listenTcp({ port });
    expect(await markerAt(port)).toBe(second.marker);
    await net.unforward(port);
  });

  test('a service on ::1 alone is relayed, also when it is back on 127.0.0.1, and none is answered for', async () => {
    const service = await listenTcp({ host: '::1' });
    expect(await net.forward({ hostPort: service.port, containerPort: 91 })).toMatchObject({
      hostPort: service.port,
      hostAddress: '::1',
    });
    const { answer } = await container.get<TcpAnswer>(net.url(91));
    expect(answer).toEqual({ youAre: '::1', marker: service.marker });
    await service.close();
    const moved = await listenTcp({ port: service.port });
    expect(await markerAt(91)).toBe(moved.marker);
    await net.verify({ port: 91 });
    expect(await net.diagnose({ port: 91 })).toMatchObject({ reachable: true });
    await moved.close();
    // Whichever strategy carries to it, what stands before ::1 accepts and resets.
    expect(await markerAt(91)).toBe('ECONNRESET');
    await net.unforward(91);
    expect(await markerAt(91)).toBe('ECONNREFUSED');
  });

  test('a service on all addresses is reached by its own number where no port of this host is taken for it', async () => {
    await using service = await listenTcp({ host: '0.0.0.0' });
    await using other = await listenTcp();
    const before = await snapshotHere();
    const reach = async (several: LocalhostForward): Promise<string | undefined> => {
      await using caller = await startNode(several);
      const { answer, error } = await caller.get<TcpAnswer>(several.url(service.port));
      await caller.remove();
      await several.close();
      return answer?.marker ?? error;
    };
    const ports = [{ hostPort: other.port, containerPort: 8088 }, service.port];
    const outcome = await openLocalhostForward(ports, options).then(reach, ({ code }) => code as string);
    expect(outcome).toBe(claims.takesPorts ? 'LHF_ERR_PORT_IN_USE' : service.marker);
    await expectNothingLeft(claims, before);
    expect(await outputOf(execHere, ['ss', '-Hltn', 'sport = :8088'])).toBe('');
  });

  test('hits count the connections, packets and bytes of each port', async () => {
    await using service = await listenTcp();
    await using other = await listenTcp();
    await net.forward({ hostPort: service.port, containerPort: 92 });
    await net.forward({ hostPort: other.port, containerPort: 93 });
    expect(await net.hits()).toEqual({ attempts: 0, connections: 0, packets: 0, bytes: 0 });
    for (let n = 0; n < 3; n += 1) expect(await markerAt(92)).toBe(service.marker);
    const hits = await net.hits(92);
    expect(hits.connections).toBe(3);
    // A handshake, a request and an end each, with 20 bytes of IP and 20 of TCP at least; or a request and its answer.
    expect(hits.packets).toBeGreaterThanOrEqual(claims.counts === 'packets' ? 12 : 6);
    const bytes = claims.counts === 'packets' ? hits.packets * 40 : 3 * service.marker.length;
    expect(hits.bytes).toBeGreaterThanOrEqual(bytes);
    expect(await net.hits(93)).toEqual({ attempts: 0, connections: 0, packets: 0, bytes: 0 });
    expect(await markerAt(93)).toBe(other.marker);
    expect(await net.hits(93)).toMatchObject({ connections: 1 });
    expect(await net.hits()).toMatchObject({ connections: 4 });
    await expect(net.hits(94)).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
    await other.close();
    expect(await markerAt(93)).toBe(claims.refusesAbsent);
    expect(await net.hits(93)).toMatchObject({ attempts: 2, connections: 1 });
    await net.verify({ port: 92 });
    expect(await net.hits()).toMatchObject({ attempts: 5, connections: 4 });
    await Promise.all([net.unforward(92), net.unforward(93)]);
    expect(net.ports).toEqual([]);
  });
});
