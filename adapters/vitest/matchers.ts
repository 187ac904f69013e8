import { afterEach, expect } from 'vitest';
import { findUnawaited } from '../matchers/awaited.ts';
import { matchers, type ReachableOptions, type ReachedOptions, type ReceivedOptions } from '../matchers/matchers.ts';

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

expect.extend(matchers);

afterEach(({ expect: ofTest }) => {
  const error = findUnawaited(ofTest.getState().currentTestName);
  if (error !== undefined) throw error;
});

export { matchers };
