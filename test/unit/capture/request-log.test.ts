import { expect, test } from 'vitest';
import { mostBytes, mostRequests, RequestLog } from '../../../src/capture/request-log.ts';
import type { CapturedRequest, RequestMatch } from '../../../src/index.ts';

const MiB = 1024 * 1024;

/** The part that the log looks at. */
const request = (path: string, size = 0): CapturedRequest =>
  ({ method: 'GET', path, containerPort: 80, body: Buffer.alloc(size) }) as unknown as CapturedRequest;

const takenFrom = (log: RequestLog, match: RequestMatch = {}) => log.find({ ...match, takes: true })?.path;

test('each request is given once, in the order in which they came', () => {
  const log = new RequestLog();
  for (const path of ['/a', '/b', '/c']) log.add(request(path));
  expect(log.find({ path: '/b', takes: false })?.path).toBe('/b');
  expect(takenFrom(log, { path: '/b' })).toBe('/b');
  expect([takenFrom(log), takenFrom(log), takenFrom(log)]).toEqual(['/a', '/c', undefined]);
  expect(log.find({ path: '/b', takes: false })?.path).toBe('/b');
  expect(log.requests.map(({ path }) => path)).toEqual(['/a', '/b', '/c']);
});

test('one that is whole later, and came earlier, stands before', () => {
  const log = new RequestLog();
  const slow = log.arrive();
  log.add(request('/second'));
  expect(log.find({ takes: false })?.path).toBe('/second');
  log.add(request('/first'), slow);
  log.add(request('/third'));
  expect([takenFrom(log), takenFrom(log), takenFrom(log)]).toEqual(['/first', '/second', '/third']);
});

test('who waits first is given the first that fits; who looks, any; who gave up, none', () => {
  const log = new RequestLog();
  const given: string[] = [];
  const waitAs = (name: string, match: RequestMatch, takes = true) =>
    log.await({ ...match, takes }, ({ path }) => given.push(`${name} ${path}`));
  waitAs('gone', {})();
  waitAs('for b', { path: '/b' });
  waitAs('any', {});
  waitAs('looks', {}, false);
  for (const path of ['/a', '/b', '/c']) log.add(request(path));
  expect(given).toEqual(['any /a', 'looks /a', 'for b /b']);
  expect([takenFrom(log), takenFrom(log)]).toEqual(['/c', undefined]);
});

test('the newest are kept, and what was let go is counted', () => {
  const log = new RequestLog();
  for (let nth = 0; nth < mostRequests + 5; nth += 1) log.add(request(`/${nth}`));
  expect([log.requests.length, log.requests[0]?.path, log.dropped]).toEqual([mostRequests, '/5', 5]);
  expect(takenFrom(log)).toBe('/5');
  log.countDropped();
  expect(log.dropped).toBe(6);
});

test('bodies are bounded together', () => {
  const log = new RequestLog();
  for (let nth = 0; nth < 10; nth += 1) log.add(request(`/${nth}`, 8 * MiB));
  expect([log.requests.length, log.requests[0]?.path, log.dropped]).toEqual([mostBytes / (8 * MiB), '/2', 2]);
});

test('what is looked at does not change under the reader', () => {
  const log = new RequestLog();
  const { requests } = log;
  log.add(request('/a'));
  expect(requests).toEqual([]);
});
