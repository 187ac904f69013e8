import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { findSocketFolder } from '../../src/strategies/carrier/folders.ts';
import { startNode } from '../support/containers.ts';
import { gateDocker } from '../support/gated-docker.ts';
import { listenLines } from '../contract/streams.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { until } from '../support/until.ts';
import { differenceAtLast, startOpener, takeState } from './trace.ts';

const docker = new Docker();
const sidecarOf = (bridge: string): Docker.Container =>
  docker.getContainer(`lhf-sidecar-${bridge.slice('lhf-'.length)}`);

// The one that carries lives on for a while between two tests.
const threads: Worker[] = [];
subscribe('worker_threads', (message) => threads.push((message as { worker: Worker }).worker));

test('a sidecar that is killed is told of and comes back, by itself and with its counts, until the forward is closed', async () => {
  const before = await takeState();
  const warnings: string[] = [];
  const note = ({ message }: Error): void => void warnings.push(message);
  process.on('warning', note);
  await using service = await listenTcp();
  const net = await openLocalhostForward(service.port, { strategy: 'sidecar', verify: false });
  {
    await using container = await startNode(net);
    const get = async () => (await container.get<TcpAnswer>(net.url())).answer?.marker;
    expect(await get()).toBe(service.marker);
    const { Id } = await sidecarOf(net.bridgeName).inspect();
    await sidecarOf(net.bridgeName).kill();
    const isTold = (message: string): boolean =>
      message === `somebody took the sidecar of ${net.bridgeName} away; it is back, and what was established is not`;
    await until(() => warnings.some(isTold), { timeoutMs: 40_000, what: 'the warning' });
    expect((await sidecarOf(net.bridgeName).inspect()).Id).not.toBe(Id);
    expect(await get()).toBe(service.marker);
    expect((await net.hits()).connections).toBe(2);
  }
  await net.close();
  process.off('warning', note);
  expect(warnings).toHaveLength(1);
  expect(await differenceAtLast(before)).toBe('');
});

test('a sidecar whose link is lost, since our thread ended, comes back as soon', async () => {
  await using service = await listenTcp();
  await using net = await openLocalhostForward(service.port, { strategy: 'sidecar', verify: false });
  await using container = await startNode(net);
  const first = sidecarOf(net.bridgeName);
  const { Id } = await first.inspect();
  const [warned, ended] = [once(process, 'warning'), first.wait()];
  await threads.at(-1)?.terminate();
  const [{ message }] = (await warned) as [Error];
  expect(message).toContain('it is back');
  // Killed, and not waited for until it ends by itself.
  expect(await ended).toMatchObject({ StatusCode: 137 });
  expect((await first.inspect()).Id).not.toBe(Id);
  expect((await container.get<TcpAnswer>(net.url())).answer?.marker).toBe(service.marker);
});

test('all that a sidecar carries is reset before it goes: nothing looks like a connection that was ended', async () => {
  await using service = await listenLines();
  const net = await openLocalhostForward(service.port, { strategy: 'sidecar', verify: false });
  await using container = await startNode(net);
  const connections = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const { answer = 0 } = await container.open(net.hostname, service.port);
      expect(await container.ask(answer, 'hello')).toEqual({ answer: 'hello' });
      return answer;
    }),
  );
  await net.close();
  const fates = await Promise.all(connections.map(async (one) => (await container.fate(one)).answer));
  expect(fates).toEqual(connections.map(() => 'ECONNRESET'));
  await until(() => service.ended.length === 50);
  expect(new Set(service.ended)).toEqual(new Set(['ECONNRESET']));
});

// Docker 20.10 leaves the shim behind of a container that ends by itself while it is killed. The engine is asked a second late: by then its
// program would have ended.
test('a sidecar that is not needed any more refuses callers, and is there until the engine removes it', async () => {
  const states: unknown[] = [];
  let look = async (): Promise<void> => undefined;
  const before = (call: string): Promise<void> | void => (call === 'DELETE /containers/<id>' ? look() : undefined);
  const options = { strategy: 'sidecar', verify: false, docker: gateDocker({ before }) } as const;
  const net = await openLocalhostForward({ hostPort: 1, containerPort: 80 }, options);
  await using container = await startNode(net);
  const sidecar = sidecarOf(net.bridgeName);
  look = async () => {
    // The engine may be asked again.
    look = async () => undefined;
    states.push((await container.connect(net.hostname, 80)).error);
    await Promise.race([sidecar.wait(), delay(1_000)]);
    states.push((await sidecar.inspect()).State.Running);
  };
  await net.close();
  expect(states).toEqual(['ECONNREFUSED', true]);
});

test.each(['sidecar', 'relay'])('%s: a process that is killed leaves no folder with its sockets', async (strategy) => {
  const before = await takeState();
  await using opener = startOpener(strategy, 'live');
  const [, bridge = ''] = (await opener.waitForLine(/^open /)).split(' ');
  expect(await findSocketFolder(bridge)).toContain(bridge);
  await opener.kill('SIGKILL');
  await until(async () => (await findSocketFolder(bridge)) === undefined, {
    timeoutMs: 40_000,
    what: 'the folder to go',
  });
  expect(await differenceAtLast(before)).toBe('');
});

test.each(['relay', 'sidecar'])(
  '%s: a killed process leaves no folder of sockets where its TMPDIR is',
  async (strategy) => {
    // Short enough for the sockets to be there and not in /tmp.
    const folder = '/var/tmp';
    await using script = startOpener(strategy, 'obey', { env: { ...process.env, TMPDIR: folder } });
    const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
    const list = async (): Promise<string[]> =>
      (await readdir(folder)).filter((name) => name.startsWith(`lhf-carried-${bridge}-`));
    expect(await list()).toHaveLength(1);
    await script.kill('SIGKILL');
    await until(async () => (await list()).length === 0, { timeoutMs: 40_000, what: 'the folder to go' });
  },
);
