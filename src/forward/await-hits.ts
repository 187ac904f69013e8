import { delay, now } from '../clock.ts';
import { parseReached } from '../options/reached.ts';
import type { Hits, LocalhostForward } from '../types.ts';

/** How often the counters are read, in milliseconds. */
const everyMs = 50;

/** What came through, and whether it is what was expected. */
export interface Reached extends Hits {
  readonly isReached: boolean;
}

/**
 * Whether containers have reached a forward: so many times, or at all, now or within a time. By accepted connections, or UDP flows. For
 * matchers. `times: 0` takes the whole time.
 *
 * @throws LHF_ERR_INVALID_OPTION, LHF_ERR_CLOSED.
 * @example
 * const { isReached, connections } = await awaitHits(net, { port: 8088, times: 2, withinMs: 3000 });
 */
export const awaitHits = async (net: Pick<LocalhostForward, 'hits'>, options: unknown): Promise<Reached> => {
  const { port, times, withinMs } = parseReached(options);
  const until = now() + withinMs;
  for (;;) {
    const hits = await net.hits(port);
    const isReached = times === undefined ? hits.connections > 0 : hits.connections === times;
    // More than was expected never becomes less; and that nobody comes is known when the time is up.
    const isSettled = times === 0 ? !isReached : isReached || (times !== undefined && hits.connections > times);
    const leftMs = until - now();
    if (isSettled || leftMs <= 0) return { ...hits, isReached };
    await delay(Math.min(everyMs, leftMs));
  }
};
