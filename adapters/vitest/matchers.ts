import { afterEach, beforeEach, expect, onTestFinished } from 'vitest';
import { awaited, findUnawaited, type Matcher } from '../matchers/awaited.ts';
import {
  noticedMatchers,
  type ReachableOptions,
  type ReachedOptions,
  type ReceivedOptions,
} from '../matchers/matchers.ts';

declare global {
  // Vitest's own interface has other type parameters in each major; this one beneath it has none.
  namespace Chai {
    interface Assertion {
      /** The forward's ports, or one of them, answer a container. */
      toBeReachableFromContainer(options?: ReachableOptions): Promise<void>;
      /** A container has connected, our own proofs left out. */
      toHaveBeenReached(options?: ReachedOptions): Promise<void>;
      /** The listener of a forward with `listener: true` was asked so. */
      toHaveReceivedRequest(options?: ReceivedOptions): Promise<void>;
      /** Nothing of a closed forward is on this host. */
      toLeaveNoTrace(): Promise<void>;
    }
  }
}

const failUnawaited = (test: string | undefined): void => {
  const error = findUnawaited(test);
  if (error !== undefined) throw error;
};

// Hooks are those of the file that has them: with `isolate: false` this module is evaluated in a worker's first file alone.
let hookedFile: string | undefined;
beforeEach(({ expect: ofTest }) => void (hookedFile = ofTest.getState().testPath));
afterEach(({ expect: ofTest }) => failUnawaited(ofTest.getState().currentTestName));

/** What Vitest tells a matcher beside: of several tests at once, whose it is. */
interface Told {
  readonly testPath?: string;
  readonly task?: { readonly context?: { readonly onTestFinished: typeof onTestFinished } };
}

const atTestEnd = (check: () => void, add = onTestFinished): void => {
  try {
    add(check);
  } catch {
    // No test is running, as in a beforeAll().
  }
};

/** Noticed by the file's own hook, and in a file without it by one of the test's. */
const noticed = <O, R>(name: string, matcher: Matcher<O, R>): Matcher<O, R> => {
  const waited = awaited(name, matcher);
  return function (this, received, options) {
    const { currentTestName, testPath, task } = { ...expect.getState(), ...(this as Told | undefined) };
    if (testPath !== hookedFile) atTestEnd(() => failUnawaited(currentTestName), task?.context?.onTestFinished);
    return waited.call(this, received, options);
  };
};

/** For an `expect` of one's own; Vitest's has them already. */
export const matchers = noticedMatchers(noticed);
expect.extend(matchers);

// Whatever a user exports of ours has types that can be named.
export type { Matcher, MatcherState } from '../matchers/awaited.ts';
export type { Outcome, ReachableOptions, ReachedOptions, ReceivedOptions } from '../matchers/matchers.ts';
