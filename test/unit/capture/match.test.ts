import { expect, test } from 'vitest';
import { describeMatch, matches } from '../../../src/capture/match.ts';
import type { RequestMatch } from '../../../src/index.ts';

const request = { method: 'POST', path: '/orders/7', containerPort: 80 };
const remembers = /orders/g;

test.each<[RequestMatch, boolean]>([
  [{}, true],
  [{ method: 'POST' }, true],
  [{ method: 'post' }, true],
  [{ method: 'GET' }, false],
  [{ path: '/orders/7' }, true],
  [{ path: '/orders' }, false],
  [{ path: /^\/orders\/\d+$/ }, true],
  [{ path: remembers }, true],
  [{ path: remembers }, true],
  [{ path: /^\/carts/ }, false],
  [{ containerPort: 80 }, true],
  [{ containerPort: 81 }, false],
  [{ method: 'POST', path: '/orders/7', containerPort: 81 }, false],
])('%o: %s', (match, fits) => {
  expect(matches(match, request)).toBe(fits);
});

test('what is waited for is told in words', () => {
  expect(describeMatch({})).toBe('request');
  expect(describeMatch({ method: 'post', path: '/orders' })).toBe('POST /orders');
  expect(describeMatch({ path: /^\/orders/, containerPort: 80 })).toBe(String.raw`/^\/orders/ on port 80`);
});
