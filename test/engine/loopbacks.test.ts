import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { type LocalhostForward, openLocalhostForward, type Strategy } from '../../src/index.ts';
import { projectRoot } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { listProbes, startWorker } from './probes.ts';

/* Services on other forms of the loopback than 127.0.0.1: reached, or a finding says why not and its advice works. */

const strategies: readonly Strategy[] =
  process.env['LHF_TEST_ALL'] === '1' ? ['nftables', 'iptables', 'relay'] : ['nftables'];

/** The marker that a container of the forward gets. */
const markerOf = async (net: LocalhostForward): Promise<unknown> => {
  await using container = await startNode(net);
  const { answer, error } = await container.get<TcpAnswer>(net.url());
  return answer?.marker ?? error;
};

const listenOnlyOnIpv6 = async (): Promise<{ port: number } & AsyncDisposable> => {
  const server = createServer((_, response) => response.end('{"marker":"six"}')).listen({
    host: '::',
    port: 0,
    ipv6Only: true,
  });
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close().closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: close };
};

const listenBound = async (): Promise<{ port: number } & Disposable> => {
  const child = spawn('perl', [`${projectRoot}test/engine/programs/bound.pl`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { port: Number(line), [Symbol.dispose]: () => void child.kill() };
};

test('an opening whose proof fails removes what dead runs left all the same', async () => {
  await using service = await listenTcp();
  using unreachable = await listenBound();
  await using net = await openLocalhostForward(service.port, { strategy: 'nftables' });
  const ours = await listProbes();
  await using worker = startWorker(net);
  await worker.ask('prove');
  expect(await listProbes()).not.toEqual(ours);
  await worker[Symbol.asyncDispose]();
  const { exitCode, stderr } = await execHere([
    process.execPath,
    `${projectRoot}test/engine/programs/proven.ts`,
    String(unreachable.port),
    'nftables',
    'end',
  ]);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('LHF_ERR_UNREACHABLE')]);
  expect(await listProbes()).toEqual(ours);
});

test.each(strategies)('a service on :: for IPv6 alone, and a service on ::1, are reached (%s)', async (strategy) => {
  await using all = await listenOnlyOnIpv6();
  await using net = await openLocalhostForward(all.port, { strategy });
  expect(await markerOf(net)).toBe('six');
  await using one = await listenTcp({ host: '::1' });
  await using other = await openLocalhostForward(one.port, { strategy, verify: false });
  expect(await markerOf(other)).toBe(one.marker);
});

test('where 127.0.0.1 is asked for, the finding says that it is on IPv6 alone, and its advice works', async () => {
  await using service = await listenOnlyOnIpv6();
  const port = { hostPort: service.port, hostAddress: '127.0.0.1' } as const;
  await using net = await openLocalhostForward(port, { strategy: 'nftables', verify: false });
  const { finding, advice } = await net.diagnose();
  expect(finding).toBe('listens-on-ipv6-only');
  const [, hostPort] = /\{ hostPort: (\d+), hostAddress: '::1' \} in place of \1$/.exec(advice) ?? [];
  await using again = await openLocalhostForward(
    { hostPort: Number(hostPort), hostAddress: '::1' },
    { strategy: 'nftables' },
  );
  expect(await markerOf(again)).toBe('six');
});

test('a service on another address of the loopback is told, and the advice shows whose it is', async () => {
  await using service = await listenTcp({ host: '127.0.0.2' });
  await using net = await openLocalhostForward(service.port, { strategy: 'nftables', verify: false });
  const { finding, sentence, advice } = await net.diagnose();
  expect(finding).toBe('listens-on-other-address');
  expect(sentence).toBe(`The service on port ${service.port} listens on 127.0.0.2 and not on 127.0.0.1`);
  expect(advice).toBe(`ss -lntp 'sport = :${service.port}'`);
  const shown = await outputOf(execHere, ['sh', '-c', advice]);
  expect(shown).toMatch(new RegExp(`127\\.0\\.0\\.2:${service.port}\\b.*pid=${process.pid}\\b`));
  await service.close();
  await using moved = await listenTcp({ port: service.port });
  expect(await net.diagnose()).toMatchObject({ reachable: true });
  expect(await markerOf(net)).toBe(moved.marker);
});

test('a relay beside a service that listens on all addresses is told which port is free for it', async () => {
  await using service = await listenTcp({ host: '0.0.0.0' });
  const refusal: unknown = await openLocalhostForward(service.port, { strategy: 'relay' }).catch(
    (error: unknown) => error,
  );
  const told =
    /: something listens there, or on all addresses\nTry: \{ hostPort: (\d+), containerPort: (\d+) \}$/m.exec(
      String(refusal),
    );
  const [hostPort, containerPort] = [Number(told?.[1]), Number(told?.[2])];
  expect(refusal).toMatchObject({ code: 'LHF_ERR_PORT_IN_USE' });
  expect(hostPort).toBe(service.port);
  await using net = await openLocalhostForward({ hostPort, containerPort }, { strategy: 'relay' });
  expect(await markerOf(net)).toBe(service.marker);
});

test('a service that is bound to lo is told, and the advice works', async () => {
  using service = await listenBound();
  for (const strategy of strategies.filter((name) => name !== 'relay')) {
    const refusal = (await openLocalhostForward(service.port, { strategy }).catch((error: unknown) => error)) as Error;
    expect(refusal.message).toMatch(
      /^The service on port \d+ listens for the interface lo alone, and containers come by lhf-\w+/,
    );
    expect(refusal).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: { finding: 'listens-on-other-address' } });
  }
  await using net = await openLocalhostForward(service.port, { strategy: 'relay' });
  expect(await markerOf(net)).toBe('bound');
});
