import { expect, test } from 'vitest';
import { nextRequest } from '../../../src/capture/next-request.ts';
import { RequestLog } from '../../../src/capture/request-log.ts';
import type { CapturedRequest, RequestMatch } from '../../../src/index.ts';

const request = (path: string): CapturedRequest =>
  ({ method: 'GET', path, containerPort: 80, body: Buffer.alloc(0) }) as unknown as CapturedRequest;

const wait = (log: RequestLog, match: RequestMatch, closing = new AbortController()) =>
  nextRequest({
    log,
    wish: { ...match, takes: true },
    networkName: 'lhf-0a1b2c3d',
    explain: async () => ({ sentence: 'a container can', advice: 'call it' }),
    closed: closing.signal,
  });

test('one that came before, and one that comes later', async () => {
  const log = new RequestLog();
  log.add(request('/a'));
  expect((await wait(log, {})).path).toBe('/a');
  const later = wait(log, { path: '/b' });
  log.add(request('/b'));
  expect((await later).path).toBe('/b');
});

test('a wait in vain tells what came, and whether it could have', async () => {
  const log = new RequestLog();
  for (let nth = 0; nth < 12; nth += 1) log.add(request(`/${nth}`));
  await expect(wait(log, { method: 'post', path: '/orders', timeoutMs: 1 })).rejects.toMatchObject({
    code: 'LHF_ERR_TIMEOUT',
    message: [
      'No POST /orders came to lhf-0a1b2c3d within 1 ms',
      ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((nth) => `  came: GET /${nth} on port 80`),
      '  and 2 before these',
      '  a container can',
      'Try: call it',
    ].join('\n'),
  });
  // Nobody waits any more: what comes now is the next one's.
  log.add(request('/orders'));
  expect((await wait(log, { path: '/orders' })).path).toBe('/orders');
});

test('nothing at all is told, too', async () => {
  await expect(wait(new RequestLog(), { timeoutMs: 1 })).rejects.toThrow(
    'No request came to lhf-0a1b2c3d within 1 ms\n  nothing came at all\n  a container can\nTry: call it',
  );
});

test('what came and was not kept is something', async () => {
  const log = new RequestLog();
  log.countDropped();
  await expect(wait(log, { timeoutMs: 1 })).rejects.toThrow(
    'No request came to lhf-0a1b2c3d within 1 ms\n  1 came and was not kept\n  a container can\nTry: call it',
  );
});

test('what speaks TLS to it, or takes it for a proxy, is told', async () => {
  const log = new RequestLog();
  log.countNoRequest(false);
  await expect(wait(log, { timeoutMs: 1 })).rejects.toThrow('within 1 ms\n  1 connection brought no HTTP request\n');
  log.countNoRequest(true);
  await expect(wait(log, { timeoutMs: 1 })).rejects.toThrow(
    'within 1 ms\n  2 connections brought no HTTP request: TLS, which `https://` stands for, is not spoken here\n',
  );
});

test('a closed forward has no next request', async () => {
  const closing = new AbortController();
  const waiting = wait(new RequestLog(), {}, closing);
  closing.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'LHF_ERR_CLOSED' });
});
