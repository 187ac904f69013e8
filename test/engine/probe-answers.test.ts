import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { gateDocker } from '../support/gated-docker.ts';
import { listenTcp, listenUdp } from '../support/services.ts';
import { patient } from './probes.ts';

test('a diagnosis keeps no process alive once it is told', async () => {
  await using service = await listenTcp();
  const source = `
    import { openLocalhostForward } from 'localhost-forward';
    const net = await openLocalhostForward(${service.port}, { verify: false });
    const { reachable } = await net.diagnose();
    await net.close();
    console.log(reachable, process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length);`;
  await using script = spawnScript({ source });
  expect(await script.waitForLine(/^(true|false) /)).toBe('true 0');
  expect(await script.exit).toEqual({ code: 0, signal: null });
});

const zeroHits = { attempts: 0, connections: 0, packets: 0, bytes: 0 };

/** The same address where nobody listens any more. */
const unusedPort = async (): Promise<number> => {
  await using service = await listenTcp();
  return service.port;
};

/** Accepts, and remembers each byte that it is sent. */
const listenSuspiciously = async () => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    let sent = '';
    socket.on('data', (chunk) => (sent += chunk)).on('error', () => undefined);
    socket.on('close', () => heard.push(sent));
  });
  await once(server.listen({ port: 0, host: '127.0.0.1' }), 'listening');
  const close = async (): Promise<readonly string[]> => {
    // Resolves when each connection has ended, so that nothing can be heard later.
    await new Promise((resolve) => server.close(resolve));
    return heard;
  };
  return { port: (server.address() as AddressInfo).port, close };
};

describe.each(['nftables', 'iptables'] as const)('a proof by %s', (strategy) => {
  test('gets our listener’s nonce, told by the container’s own address, and is no hit', async () => {
    const ports = [
      { hostPort: 0, containerPort: 80 },
      { hostPort: 0, containerPort: 53, protocol: 'udp' },
    ] as const;
    await using net = await openLocalhostForward(ports, { strategy, verify: patient, listener: true });
    const { ports: seen, accepts } = await net.verify({ port: 80 });
    expect(seen).toMatchObject([{ containerPort: 80, protocol: 'tcp', answer: 'nonce' }]);
    expect(accepts).toEqual([]);
    const [network] = net.subnet.split('/');
    const last = (address = ''): number => Number(address.split('.')[3]);
    expect(seen[0]?.seenFrom?.split('.').slice(0, 3)).toEqual(network?.split('.').slice(0, 3));
    expect(last(seen[0]?.seenFrom)).toBeGreaterThan(last(net.gateway));
    expect(last(seen[0]?.seenFrom)).toBeLessThan(last(network) + 31);
    expect(await net.hits()).toEqual(zeroHits);
    // What is no probe is one.
    await using container = await startNode(net);
    await container.get(net.url(80));
    expect(await net.hits(80)).toMatchObject({ connections: 1 });
  });

  test('connects to a service of the user’s, and never writes to it', async () => {
    const service = await listenSuspiciously();
    await using datagrams = await listenUdp();
    const ports = [service.port, { hostPort: datagrams.port, protocol: 'udp' }] as const;
    const net = await openLocalhostForward(ports, { strategy, verify: patient });
    const { ports: seen } = await net.verify();
    expect(seen).toMatchObject([{ answer: 'accepted' }, { answer: 'sent' }]);
    expect(seen.map(({ seenFrom }) => seenFrom)).toEqual([undefined, undefined]);
    expect(await net.diagnose()).toMatchObject({ reachable: true, finding: 'reachable' });
    await net.close();
    const heard = await service.close();
    expect(heard.length).toBeGreaterThanOrEqual(3);
    expect(heard.join('')).toBe('');
    // Whatever was sent before would have been received before this.
    const socket = createSocket('udp4');
    socket.send('mine', datagrams.port, '127.0.0.1');
    await once(socket, 'message');
    socket.close();
    expect(datagrams.received).toEqual(['mine']);
  });

  test('tells that nothing listens, until something does', async () => {
    const port = await unusedPort();
    await using net = await openLocalhostForward({ hostPort: port, containerPort: 80 }, { strategy, verify: patient });
    await using other = await listenTcp();
    await expect(net.verify()).rejects.toMatchObject({
      code: 'LHF_ERR_UNREACHABLE',
      strategy,
      diagnosis: { reachable: false, finding: 'no-listener', containerPort: 80 },
      message: expect.stringMatching(
        new RegExp(
          `^Nothing listens on 127\\.0\\.0\\.1:${port} \\(tcp\\), .*; programs of this user listen on .*\\b${other.port}\\b.*\n(  [✓✗?] .*\n)+Try: ss -lntp$`,
        ),
      ),
    });
    expect(await net.diagnose()).toMatchObject({ finding: 'no-listener' });
    await using service = await listenTcp({ port });
    expect(await net.verify()).toMatchObject({ ports: [{ answer: 'accepted' }] });
    // The probe alone, once more for each tenth of a second in which nobody has answered it.
    expect(new Set(service.callers).size).toBe(1);
  });

  test('asks behind the relay whether a service is on ::1', async () => {
    const port = await unusedPort();
    await using net = await openLocalhostForward({ hostPort: port, hostAddress: '::1' }, { strategy, verify: false });
    await expect(net.verify()).rejects.toMatchObject({ diagnosis: { finding: 'no-listener' } });
    await using service = await listenTcp({ host: '::1', port });
    expect(await net.verify()).toMatchObject({ ports: [{ answer: 'accepted' }] });
    expect(service.callers).toEqual(['::1']);
  });
});

describe.each(['nftables', 'iptables', 'relay'] as const)('an opening by %s', (strategy) => {
  test('needs no service on ::1 yet, where that is named', async () => {
    const port = await unusedPort();
    await using net = await openLocalhostForward({ hostPort: port, hostAddress: '::1' }, { strategy, verify: patient });
    await expect(net.verify()).rejects.toMatchObject({ diagnosis: { finding: 'no-listener' } });
    await using service = await listenTcp({ host: '::1', port });
    expect(await net.verify()).toMatchObject({ ports: [{ answer: 'accepted' }] });
    expect(new Set(service.callers)).toEqual(new Set(['::1']));
  });

  test.each(['127.0.0.1', '::1'])('is proven where its service on %s goes away meanwhile', async (host) => {
    await using staying = await listenTcp();
    const service = await listenTcp({ host });
    const calls: string[] = [];
    const docker = gateDocker({
      before: async (call) => {
        calls.push(call);
        // It listened when it was looked at.
        if (call === 'POST /networks/create') await service.close();
      },
    });
    const ports = [service.port, { hostPort: staying.port, containerPort: 80 }];
    await using net = await openLocalhostForward(ports, { strategy, docker, verify: { timeoutMs: 3000 } });
    expect(calls).toContain('POST /networks/create');
    expect(staying.callers).not.toEqual([]);
    await using again = await listenTcp({ host, port: service.port });
    await using container = await startNode(net);
    expect(await container.get(net.url(service.port))).toMatchObject({ answer: { marker: again.marker } });
    expect(await net.hits(service.port)).toMatchObject({ connections: 1 });
  });
});
