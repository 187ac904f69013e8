import { EventEmitter, once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import { Capture, mostOfOneBody } from '../../../src/capture/capture.ts';
import { readBody } from '../../../src/capture/read-body.ts';
import type { Caller } from '../../../src/index.ts';

const caller: Caller = { id: '1', name: 'shop', address: '198.18.0.2', labels: {} };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const listen = async (callerOf: (request: IncomingMessage) => Promise<Caller | undefined> = async () => caller) => {
  const capture = new Capture({ hostnames: ['host.docker.internal', 'host.testcontainers.internal'], callerOf });
  const server = createServer(capture.listenerFor(() => 80)).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { log: capture.log, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

test('a request is in the log when its client is answered, as it came', async () => {
  const { log, url } = await listen();
  const answer = await fetch(`${url}/orders?page=2`, { method: 'POST', body: '{"id":7}', headers: { 'X-Shop': 'a' } });
  expect([answer.status, await answer.text()]).toEqual([200, 'localhost-forward\n']);
  const [request] = log.requests;
  expect(request).toMatchObject({
    method: 'POST',
    path: '/orders',
    url: 'http://host.docker.internal:80/orders?page=2',
    headers: { 'x-shop': 'a' },
    bodyBytesDropped: 0,
    containerPort: 80,
    caller,
    receivedAt: expect.any(Date),
  });
  expect([request?.body, request?.text(), request?.json()]).toEqual([Buffer.from('{"id":7}'), '{"id":7}', { id: 7 }]);
});

test('its URL has the name that was dialled', async () => {
  const { log, url } = await listen();
  for (const host of ['host.testcontainers.internal:80', 'HOST.docker.internal', 'else.example', undefined]) {
    const client = ask(url, { path: '/a', ...(host !== undefined && { headers: { host } }) }).end();
    // oxlint-disable-next-line no-await-in-loop -- In this order.
    await once(client, 'response');
  }
  expect(log.requests.map((one) => one.url)).toEqual([
    'http://host.testcontainers.internal:80/a',
    ...Array.from({ length: 3 }, () => 'http://host.docker.internal:80/a'),
  ]);
});

test('of a body the first 8 MiB are kept, and the rest is counted', async () => {
  const { log, url } = await listen();
  const answer = await fetch(url, { method: 'POST', body: Buffer.alloc(mostOfOneBody + 10, 'x') });
  expect(answer.status).toBe(200);
  expect(log.requests.map(({ body, bodyBytesDropped }) => [body.length, bodyBytesDropped])).toEqual([
    [mostOfOneBody, 10],
  ]);
});

test('what is not kept of a body is not held on to until its end', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const request = Object.assign(new EventEmitter(), { complete: true });
  const MiB = 1024 * 1024;
  const reading = readBody(request as unknown as IncomingMessage, MiB + 10, { left: 64 * MiB });
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let sent = 0; sent < 64; sent += 1) request.emit('data', Buffer.alloc(MiB));
  collect();
  // What the first one found is swept beside us, and done with before the next one begins.
  collect();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MiB);
  request.emit('close');
  expect(await reading).toMatchObject({ dropped: 63 * MiB - 10 });
});

test('requests are in the order of their arrival, whichever was whole and known first', async () => {
  const slowCame = Promise.withResolvers<void>();
  const threeCame = Promise.withResolvers<void>();
  const { log, url } = await listen(async ({ url: path }) => {
    if (path === '/slow') slowCame.resolve();
    if (path === '/three') threeCame.resolve();
    // Who called the second one is known later than of the third one.
    if (path === '/two') await threeCame.promise.then(() => setImmediate());
    return caller;
  });
  const slow = ask(`${url}/slow`, { method: 'POST' });
  slow.write('a');
  await slowCame.promise;
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answers = '';
  await new Promise<void>((resolve) => {
    socket.on('data', (part: Buffer) => {
      answers += part.toString();
      if (answers.split('200 OK').length === 4) resolve();
    });
    socket.write(['/one', '/two', '/three'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
  });
  socket.destroy();
  slow.end();
  await once(slow, 'response');
  expect(log.requests.map(({ path }) => path)).toEqual(['/slow', '/one', '/two', '/three']);
});

test.each([
  ['GET http://example.test/orders?x=1', '/orders', 'http://example.test/orders?x=1'],
  ['OPTIONS *', '*', 'http://host.docker.internal:80'],
])('%s has a path and a URL', async (line, path, whole) => {
  const { log, url } = await listen();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`${line} HTTP/1.1\r\nHost: example.test\r\n\r\n`);
  await once(socket, 'data');
  socket.destroy();
  expect(log.requests.map((one) => [one.path, one.url])).toEqual([[path, whole]]);
});

test('a client that goes before the end is counted, and no more', async () => {
  const { log, url } = await listen();
  const client = ask(url, { method: 'POST', headers: { 'content-length': 100 } });
  client.on('error', () => undefined);
  client.write('half');
  await once(servers[0] as Server, 'request');
  client.destroy();
  await expect.poll(() => log.dropped).toBe(1);
  expect(log.requests).toEqual([]);
});

test('who called may stay unknown', async () => {
  const { log, url } = await listen(() => Promise.reject(new Error('no engine')));
  expect((await fetch(url)).status).toBe(200);
  expect(log.requests.map((request) => request.caller)).toEqual([undefined]);
});
