/*
 * Time as it passes, whatever clock tests have set: fake clocks replace the global functions and, where they can, those of node:timers,
 * node:timers/promises and node:perf_hooks. Taken when this file is loaded; later fakes do not reach it.
 */
import perfHooks from 'node:perf_hooks';
import timers from 'node:timers';

/** What a fake clock that came before us stands for: it keeps what it replaced, under the name with a line before it. */
const realOf = <T extends object>(name: string, found: T): T =>
  (found as { clock?: Readonly<Record<string, T | undefined>> }).clock?.[`_${name}`] ?? found;

export const setTimeout = realOf('setTimeout', timers.setTimeout);
export const clearTimeout = realOf('clearTimeout', timers.clearTimeout);
const setImmediate = realOf('setImmediate', timers.setImmediate);
const RealDate = realOf('Date', Date);

const { performance: real } = perfHooks;
// oxlint-disable-next-line typescript/unbound-method -- Called on its own object below; a fake lies over it on that object alone.
const readNow = (Object.getPrototypeOf(real) as typeof real).now;

/** Milliseconds since this process began, which no change of the wall clock moves. */
export const now = (): number => readNow.call(real);

/** The time of day, in milliseconds since the epoch: what is marked with it outlives a test that has set another. */
export const wallClock = (): number => RealDate.now();

/**
 * Calls it when all that has come by now is heard. Where this process stood still, as in a test's `execFileSync`, its timers are due before
 * it has read the answers that came in time.
 */
export const whenHeard = (act: () => void): void => void setImmediate(() => void setImmediate(act));

/** Resolves when this process's loop has turned, so that what was sent before is on its way. */
export const turn = (): Promise<void> => new Promise((resolve) => whenHeard(() => whenHeard(resolve)));

/** Waits for so long at most, and keeps this process alive meanwhile; undefined where that was not enough. */
export const within = async <T>(ms: number, work: Promise<T>): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => whenHeard(() => resolve(undefined)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** Resolves after so many milliseconds; with `ref: false` it keeps no process alive. */
export const delay = (ms: number, { ref = true }: { readonly ref?: boolean } = {}): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => whenHeard(resolve), ms);
    if (!ref) timer.unref();
  });
