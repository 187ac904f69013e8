import { expect } from 'vitest';
import { matchers, type PortOptions, type ReachableOptions } from '../matchers/matchers.ts';

// One augmentation that every supported major reads: their own interface of matchers changed its parameters between majors.
declare global {
  namespace Chai {
    interface Assertion {
      /** Dials from a container; a failure's message is the diagnosis. */
      toBeReachableFromContainer(options?: ReachableOptions): Promise<void>;
      /** By the forward's own counters, proofs of this package left out. */
      toHaveBeenReached(options?: PortOptions): Promise<void>;
      /** After close: no network, no bridge, no rule. */
      toLeaveNoTrace(): Promise<void>;
    }
  }
}

expect.extend(matchers);
