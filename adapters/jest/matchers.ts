import type { expect as Expect } from 'expect';
import { LocalhostForwardError } from '../../src/index.ts';
import { matchers, type PortOptions, type ReachableOptions } from '../matchers/matchers.ts';

interface ForwardMatchers<R> {
  /** Dials from a container; a failure's message is the diagnosis. */
  toBeReachableFromContainer(options?: ReachableOptions): Promise<R>;
  /** By the forward's own counters, proofs of this package left out. */
  toHaveBeenReached(options?: PortOptions): Promise<R>;
  /** After close: no network, no bridge, no rule. */
  toLeaveNoTrace(): Promise<R>;
}

declare global {
  namespace jest {
    interface Matchers<R> extends ForwardMatchers<R> {}
  }
}

declare module 'expect' {
  interface Matchers<R> extends ForwardMatchers<R> {}
}

const { expect } = globalThis as unknown as { expect?: typeof Expect };
if (expect === undefined) {
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'localhost-forward/jest/matchers found no expect(): no Jest, or one with `injectGlobals: false`',
    try: '"setupFilesAfterEnv": ["localhost-forward/jest/matchers"]',
  });
}
expect.extend(matchers);
