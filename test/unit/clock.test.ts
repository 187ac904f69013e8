import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import timers from 'node:timers';
import { setTimeout as real } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { delay, now, wallClock, within } from '../../src/clock.ts';

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

test('what came while this process stood still is heard before a deadline that passed meanwhile', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const caller = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[callee]] = await Promise.all([accepted, once(caller, 'connect')]);
  const heard = within(5, once(callee, 'data').then(String));
  caller.write('in time');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  expect(await heard).toBe('in time');
  caller.destroy();
  server.close();
});
