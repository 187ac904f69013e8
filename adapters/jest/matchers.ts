import type { expect as Expect } from 'expect';
import { LocalhostForwardError } from '../../src/index.ts';
import { jestGlobal } from './globals.ts';
import { awaitedAfter, countAsks, findUnawaited } from '../matchers/awaited.ts';
import {
  noticedMatchers,
  type ReachableOptions,
  type ReachedOptions,
  type ReceivedOptions,
} from '../matchers/matchers.ts';

interface ForwardMatchers {
  /** The forward's ports, or one of them, answer a container. */
  toBeReachableFromContainer(options?: ReachableOptions): Promise<void>;
  /** A container has connected, our own proofs left out. */
  toHaveBeenReached(options?: ReachedOptions): Promise<void>;
  /** The listener of a forward with `listener: true` was asked so. */
  toHaveReceivedRequest(options?: ReceivedOptions): Promise<void>;
  /** Nothing of a closed forward is on this host. */
  toLeaveNoTrace(): Promise<void>;
}

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends ForwardMatchers {}
}

// For those who take Jest's types from @types/jest.
declare global {
  namespace jest {
    // oxlint-disable-next-line typescript/no-empty-object-type -- Merged declarations have equal type parameters.
    interface Matchers<R, T = {}> extends ForwardMatchers {}
  }
}

const expect = jestGlobal('expect') as typeof Expect | undefined;
if (expect === undefined) {
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'localhost-forward/jest/matchers found no expect(): this is no test file of Jest',
    try: '"setupFilesAfterEnv": ["localhost-forward/jest/matchers"]',
  });
}

// Jest 30 asks more often than Jest 29: a matcher that the real ones replace tells.
const asks = countAsks((given) => {
  expect.extend({ toLeaveNoTrace: () => given });
  void expect(undefined).toLeaveNoTrace();
});
/** The matchers as `expect` has them here, for an `expect` of one's own. */
export const matchers = noticedMatchers(awaitedAfter(asks));
expect.extend(matchers);

jestGlobal('afterEach')?.(async () => {
  const error = findUnawaited(expect.getState().currentTestName);
  if (error !== undefined) throw error;
});

// Whatever a user exports of ours has types that can be named.
export type { Matcher, MatcherState } from '../matchers/awaited.ts';
export type { Outcome, ReachableOptions, ReachedOptions, ReceivedOptions } from '../matchers/matchers.ts';
