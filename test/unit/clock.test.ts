import timers from 'node:timers';
import { setTimeout as real } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { delay, now, wallClock } from '../../src/clock.ts';

afterEach(() => void vi.useRealTimers());

const faked = ['setTimeout', 'clearTimeout', 'setImmediate', 'Date', 'performance', 'hrtime'] as const;

test('time passes while a test has stopped it', async () => {
  vi.useFakeTimers({ toFake: [...faked], now: 0 });
  const begun = now();
  await delay(5);
  expect(now()).toBeGreaterThan(begun);
  expect(Date.now()).toBe(0);
  expect(wallClock()).toBeGreaterThan(Date.UTC(2025, 0));
});

test('it passes for a copy that is loaded while a test has stopped it', async () => {
  vi.useFakeTimers({ toFake: [...faked], now: 0 });
  // As Sinon's does where it may.
  const before = timers.setTimeout;
  timers.setTimeout = globalThis.setTimeout;
  try {
    vi.resetModules();
    const late = await import('../../src/clock.ts');
    await late.delay(5);
    expect(late.wallClock()).toBeGreaterThan(Date.UTC(2025, 0));
  } finally {
    timers.setTimeout = before;
  }
});

test('one that keeps no process alive comes to its end all the same', async () => {
  await Promise.all([delay(1, { ref: false }), real(5)]);
});
