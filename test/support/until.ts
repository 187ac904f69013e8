import { inspect } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds until it gives up. Default 60 000. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks, and at least as long as the last one took: looking is not to slow what is waited for. Default 20. */
  readonly everyMs?: number;
  /** What is waited for, for the error's message. */
  readonly what?: string;
}

type Falsy = false | 0 | 0n | '' | null | undefined;

/** Looks until `condition` gives something truthy, and returns that; a look that throws counts as not yet. */
export const until = async <T>(
  condition: () => T | Promise<T>,
  options: UntilOptions = {},
): Promise<Exclude<T, Falsy>> => {
  const { timeoutMs = 60_000, everyMs = 20, what = 'the condition' } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const startedAt = performance.now();
    let seen: string;
    let cause: unknown;
    try {
      const value = await condition();
      if (value) return value as Exclude<T, Falsy>;
      seen = `the last value was ${inspect(value)}`;
    } catch (error) {
      seen = `the last look threw ${inspect(error)}`;
      cause = error;
    }
    const endedAt = performance.now();
    if (endedAt >= deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}: ${seen}`, { cause });
    await delay(Math.max(everyMs, endedAt - startedAt));
  }
};

/** The promise's own outcome, or an error naming `what` when it takes longer than `timeoutMs`. */
export const within = async <T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> => {
  const timer = new AbortController();
  const late = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`Waited ${timeoutMs} ms for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
};
