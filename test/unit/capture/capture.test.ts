import { once } from 'node:events';
import { createServer, request as ask, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Capture, mostOfOneBody } from '../../../src/capture/capture.ts';
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
