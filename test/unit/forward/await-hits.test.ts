import { describe, expect, it } from 'vitest';
import { awaitHits } from '../../../src/forward/await-hits.ts';

/** A forward whose counters go on at each look. */
const counting = (...connections: readonly number[]) => {
  let looks = 0;
  return {
    hits: async () => {
      const now = connections[Math.min(looks, connections.length - 1)] ?? 0;
      looks += 1;
      return { attempts: now + 1, connections: now, packets: 9, bytes: 99 };
    },
    looks: () => looks,
  };
};

describe('waiting for connections', () => {
  it.each([
    ['none came', [0], {}, false, 1],
    ['one came, and some attempt before it', [1], {}, true, 1],
    ['none was expected', [0], { times: 0 }, true, 1],
    ['two of two', [2], { times: 2 }, true, 1],
    ['it comes meanwhile', [0, 0, 1], { withinMs: 60_000 }, true, 3],
    ['the second comes meanwhile', [1, 1, 2], { times: 2, withinMs: 60_000 }, true, 3],
    ['one comes where none was to', [0, 0, 1], { times: 0, withinMs: 60_000 }, false, 3],
    ['more than expected, for which nobody waits', [3], { times: 2, withinMs: 60_000 }, false, 1],
  ])('%s', async (_, connections, options, isReached, looks) => {
    const net = counting(...connections);
    expect(await awaitHits(net, options)).toMatchObject({ isReached, connections: connections.at(-1) });
    expect(net.looks()).toBe(looks);
  });

  it('ends when time is up', async () =>
    expect(await awaitHits(counting(0), { withinMs: 1 })).toMatchObject({ isReached: false }));

  it.each([
    [{ time: 2 }, 'Unknown option `time`. Did you mean `times`?'],
    [{ times: -1 }, 'Expected `options.times` to be an integer from 0 to 1000000, got `-1`'],
    [{ withinMs: '5s' }, 'Expected `options.withinMs` to be an integer from 0 to 600000 milliseconds, got `"5s"`'],
    [{ port: 0 }, 'Expected `options.port` to be an integer from 1 to 65535, got `0`'],
  ])('refuses %j', async (options, message) => {
    const net = counting(0);
    await expect(awaitHits(net, options)).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION', message });
    expect(net.looks()).toBe(0);
  });
});
