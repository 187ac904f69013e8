import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { DeskQuestion, RelayCount, RelayPort } from '../../../../src/strategies/carrier/orders.ts';
import { RelayThread } from '../../../../src/strategies/carrier/relay-thread.ts';
import { listenTcp, listenUdp } from '../../../support/services.ts';
import { until } from '../../../support/until.ts';

type Question = { [K in DeskQuestion['do']]: Omit<Extract<DeskQuestion, { do: K }>, 'key'> }[DeskQuestion['do']];

let thread: RelayThread;
let opened = 0;
beforeAll(() => {
  thread = new RelayThread();
  thread.hold();
});
afterAll(() => thread.release());

// Callers of these tests are on this host's own 127/8, as if it were the network.
const address = '127.77.0.1';
const within = { subnet: '127.77.0.0/29', gateway: '127.77.0.1', probeAddress: '127.77.0.6' };

/** Opens a port of the relay on one that is free, and closes it at the end. */
const openPort = async (plan: Partial<RelayPort> & { hostPort: number }) => {
  const forward = `lhf-unit${(opened += 1)}`;
  const containerPort = plan.hostPort;
  const port: RelayPort = { protocol: 'tcp', hosts: ['127.0.0.1', '::1'], ...within, containerPort, ...plan };
  const of = { forward, key: 'key' };
  await thread.ask({ do: 'listen', ...of, address, port });
  const close = () => thread.ask({ do: 'close', ...of });
  onTestFinished(async () => void (await close()));
  const ask = <T>(question: Question): Promise<T> =>
    thread.ask<T>({ do: 'ask', forward, question: { key: of.key, ...question } as DeskQuestion });
  return { of, close, ask, port: containerPort, count: () => ask<RelayCount>({ do: 'count' }) };
};

const call = (port: number, from = '127.77.0.2'): Socket => {
  const socket = connect({ host: address, port, localAddress: from, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  return socket;
};
const failureOf = async (socket: Socket) => {
  const [{ code }] = (await once(socket.resume(), 'error')) as [NodeJS.ErrnoException];
  return code;
};
const answerOf = (port: number, from?: string): Promise<string> => text(call(port, from).end('GET / HTTP/1.0\r\n\r\n'));

test('carries for callers of the subnet alone, counts them, and our own probes apart', async () => {
  await using service = await listenTcp();
  const { port, count } = await openPort({ hostPort: service.port });
  expect(await answerOf(port)).toContain(service.marker);
  expect(await answerOf(port, within.probeAddress)).toContain(service.marker);
  expect(await failureOf(call(port, '127.77.0.9'))).toBe('ECONNRESET');
  expect(await failureOf(call(port, '127.0.0.1'))).toBe('ECONNRESET');
  // Whom an engine masquerades.
  expect(await failureOf(call(port, within.gateway))).toBe('ECONNRESET');
  expect(await count()).toMatchObject({ attempts: 1, connections: 1, proofs: 1, packets: 2 });
  expect(service.callers).toHaveLength(2);
});

test('finds the service on whichever loopback address it listens at the time', async () => {
  const first = await listenTcp();
  const { port } = await openPort({ hostPort: first.port });
  expect(await answerOf(port)).toContain(first.marker);
  await first.close();
  expect(await failureOf(call(port))).toBe('ECONNRESET');
  const second = await listenTcp({ host: '::1', port: first.port });
  expect(await answerOf(port)).toContain(second.marker);
  await second.close();
  await using third = await listenTcp({ port: first.port });
  expect(await answerOf(port)).toContain(third.marker);
});

test('leads probes elsewhere, and nobody else', async () => {
  await using service = await listenTcp();
  await using trial = await listenTcp();
  const { port, of } = await openPort({ hostPort: service.port });
  await thread.ask({ do: 'divert', forward: of.forward, trials: { [of.key]: trial.port } });
  expect(await answerOf(port, within.probeAddress)).toContain(trial.marker);
  expect(await answerOf(port)).toContain(service.marker);
  await thread.ask({ do: 'divert', forward: of.forward, trials: {} });
  expect(await answerOf(port, within.probeAddress)).toContain(service.marker);
});

test('knows both ends of what it carries, by TCP and by UDP', async () => {
  await using service = await listenTcp();
  const { port, ask: tell } = await openPort({ hostPort: service.port });
  const socket = call(port);
  await once(socket, 'connect');
  const caller = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 };
  const ask = (from: typeof caller) => tell<typeof caller | undefined>({ do: 'carriedFrom', end: from });
  await until(async () => (await ask(caller)) !== undefined);
  const end = (await ask(caller)) ?? caller;
  expect(end.address).toBe('127.0.0.1');
  expect(await tell({ do: 'callerBehind', end })).toEqual(caller);
  expect(await tell({ do: 'callerBehind', end: { ...end, port: 1 } })).toBeUndefined();
  socket.destroy();
  await until(async () => (await ask(caller)) === undefined);
});

const openCaller = async (from: string, to: number): Promise<Datagrams> => {
  const socket = createSocket('udp4');
  socket.bind(0, from);
  await once(socket, 'listening');
  socket.connect(to, address);
  await once(socket, 'connect');
  onTestFinished(() => void socket.close());
  return socket;
};
const echoOf = async (socket: Datagrams, said: string): Promise<string> => {
  const heard = once(socket, 'message');
  socket.send(said);
  const [message] = (await heard) as [Buffer];
  return message.toString();
};

test('gives each UDP peer a flow of its own, which the service’s answers come back by', async () => {
  const ports: number[] = [];
  const service = createSocket('udp4').on('message', (bytes, from) => {
    ports.push(from.port);
    service.send(bytes, from.port, from.address);
  });
  service.bind(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const { port, count, ask } = await openPort({ hostPort: service.address().port, protocol: 'udp' });
  const callers = await Promise.all(['127.77.0.2', '127.77.0.3'].map((from) => openCaller(from, port)));
  const stranger = await openCaller('127.77.0.9', port);
  stranger.send('stranger');
  for (const said of ['one', 'two'])
    expect(await Promise.all(callers.map((caller) => echoOf(caller, said)))).toEqual([said, said]);
  expect(new Set(ports).size).toBe(2);
  expect(await count()).toEqual({ attempts: 2, connections: 2, packets: 8, bytes: 24, proofs: 0 });
  const behind = await ask({ do: 'callerBehind', end: { address: '127.0.0.1', port: ports[0] ?? 0 } });
  expect(callers.map((caller) => caller.address().port)).toContain((behind as { port: number }).port);
});

test('more peers than there is room for: who was silent longest makes room, and is carried again when it speaks', async () => {
  const ports = new Set<number>();
  const service = createSocket('udp4').on('message', (bytes, from) => {
    ports.add(from.port);
    service.send(bytes, from.port, from.address);
  });
  service.bind(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const { port, count, ask } = await openPort({ hostPort: service.address().port, protocol: 'udp' });
  const first = await openCaller('127.77.0.2', port);
  expect(await echoOf(first, 'first')).toBe('first');
  const [end = 0] = ports;
  const behind = () =>
    ask<{ port: number } | undefined>({ do: 'callerBehind', end: { address: '127.0.0.1', port: end } });
  expect((await behind())?.port).toBe(first.address().port);
  // The bound of src/programs/datagrams.cjs: so many others, and one more.
  for (let n = 0; n < 1_024; n += 64)
    await Promise.all(Array.from({ length: 64 }, async () => echoOf(await openCaller('127.77.0.3', port), 'other')));
  expect((await count()).connections).toBe(1_025);
  expect(await behind()).toBeUndefined();
  expect(await echoOf(first, 'again')).toBe('again');
  expect((await count()).connections).toBe(1_026);
});

test('a UDP service may come and go', async () => {
  const first = await listenUdp();
  const { port } = await openPort({ hostPort: first.port, protocol: 'udp' });
  const caller = await openCaller('127.77.0.2', port);
  expect(await echoOf(caller, 'one')).toBe('one');
  await first.close();
  caller.send('nobody there');
  await using second = await listenUdp({ port: first.port });
  await until(async () => {
    caller.send('two');
    return second.received.includes('two');
  });
});

test('what is taken is told by the system’s own code, and nothing stays of it', async () => {
  await using service = await listenTcp();
  await using taken = await listenTcp({ host: address });
  await expect(openPort({ hostPort: service.port, containerPort: taken.port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

// Both ends are in threads of their own, so that this one alone is blocked.
const ends = `
const { parentPort, workerData: { address, port, done } } = require('node:worker_threads');
const net = require('node:net');
if (address === undefined) {
  const server = net.createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
} else {
  let left = 8 * 1024 * 1024;
  const socket = net.connect({ host: address, port, localAddress: '127.77.0.2' }, () => socket.end(Buffer.alloc(left)));
  socket.on('data', (part) => (left -= part.length)).on('end', () => {
    Atomics.store(done, 0, left === 0 ? 1 : 2);
    Atomics.notify(done, 0);
  });
}
`;

test('a blocked event loop stalls nothing', async () => {
  const start = (workerData: object): Worker => {
    const worker = new Worker(ends, { eval: true, workerData });
    onTestFinished(async () => void (await worker.terminate()));
    return worker;
  };
  const [hostPort] = (await once(start({}), 'message')) as [number];
  const { port } = await openPort({ hostPort });
  const done = new Int32Array(new SharedArrayBuffer(4));
  start({ address, port, done });
  // Nothing of this thread runs before all has passed.
  expect(Atomics.wait(done, 0, 0, 20_000)).not.toBe('timed-out');
  expect(done[0]).toBe(1);
});

test('others of this user ask at the desk what the thread knows, and nobody does once it is closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-unit-desk-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'd');
  await using service = await listenTcp();
  const { port, of } = await openPort({ hostPort: service.port });
  await thread.ask({ do: 'openDesk', forward: of.forward, path });
  const ask = async (question: string): Promise<unknown> => JSON.parse(await text(connect({ path }).end(question)));
  expect(await answerOf(port)).toContain(service.marker);
  expect(await ask('{"do":"count","key":"key"}\n')).toMatchObject({ value: { connections: 1 } });
  expect(await ask('{"do":"isOpen","key":"key"}\n')).toEqual({ value: true });
  expect(await ask('{"do":"isOpen","key":"other"}\n')).toEqual({ value: false });
  expect(await ask('{"do":"proofs"}\n')).toEqual({
    value: [['key', { packets: 0, targetPort: service.port, probesSeen: 0, probesRefused: 0 }]],
  });
  // Nothing that changes anything, and nothing that ends the thread.
  expect(await ask('{"do":"close","key":"key"}\n')).toEqual({});
  for (const nonsense of ['nonsense\n', 'x'.repeat(10_000)])
    await expect(ask(nonsense)).rejects.toThrow(/JSON|ECONNRESET|EPIPE/);
  expect(await answerOf(port)).toContain(service.marker);
  await thread.ask({ do: 'closeDesk', forward: of.forward });
  await expect(ask('{"do":"proofs"}\n')).rejects.toMatchObject({
    code: expect.stringMatching(/ENOENT|ECONNREFUSED/) as string,
  });
});
