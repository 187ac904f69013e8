import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { startOpener, takeState, tracesAtLast, differenceAtLast } from './trace.ts';

const ends = [
  ['the end of the program', 'end', { code: 0, signal: null }],
  ['process.exit', 'exit', { code: 7, signal: null }],
  ['an uncaught exception', 'throw', { code: 1, signal: null }],
  ['a rejection that nobody awaits', 'reject', { code: 1, signal: null }],
  ["a user's own handler", 'handle', { code: 5, signal: null }],
] as const;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const;

// The guardian is the same for both; what differs is who takes the rules.
const cases = [
  ['nftables', ends, signals],
  ['iptables', ends.slice(0, 3), ['SIGINT', 'SIGKILL']],
] as const;

describe.each(cases)('%s: nothing is left, and the exit code is what it would be', (strategy, ways, sent) => {
  test.concurrent.each(ways)('after %s', async (_what, act, expected) => {
    await using script = startOpener(strategy, act);
    expect(await script.exit).toEqual(expected);
    expect(await tracesAtLast(script.process.pid)).toEqual([]);
  });

  test.concurrent.each(sent)('after %s to the process group, as a terminal sends it', async (signal) => {
    await using script = startOpener(strategy, 'live', { detached: true });
    await script.waitForLine(/^open /);
    expect(await script.killGroup(signal)).toEqual({ code: null, signal });
    expect(await tracesAtLast(script.process.pid)).toEqual([]);
  });
});

test.each(['nftables', 'iptables'] as const)(
  '%s: a worker thread that is terminated leaves nothing, while its process lives on',
  async (strategy) => {
    await using own = await openLocalhostForward(8088, { strategy, verify: false });
    const before = await takeState();
    const source = `const { openLocalhostForward } = await import('${new URL('../../dist/index.js', import.meta.url).href}');
    const net = await openLocalhostForward(8088, { strategy: '${strategy}', verify: false });
    (await import('node:worker_threads')).parentPort.postMessage(net.bridgeName);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
    const bridge = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
    expect(bridge).not.toBe(own.bridgeName);
    await worker.terminate();
    expect(await differenceAtLast(before)).toBe('');
  },
);
