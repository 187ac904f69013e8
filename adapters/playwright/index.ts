import { expect as baseExpect, test as base, type Expect, type TestType } from '@playwright/test';
import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
} from '@playwright/test';
import { assertForwardOptions, LocalhostForwardError } from '../../src/index.ts';
import type { LocalhostForward, LocalhostForwardOptions, Ports } from '../../src/index.ts';
import { makeFixture, type Fixture } from '../fixtures/forward-fixture.ts';
import { awaitedAfterCall } from '../matchers/awaited.ts';
import { noticedMatchers } from '../matchers/matchers.ts';
import { failUntilAwaited } from './unawaited.ts';

// Whatever a user exports of ours has types that can be named.
export type { Matcher, MatcherState } from '../matchers/awaited.ts';
export type { Outcome, ReachableOptions, ReachedOptions, ReceivedOptions } from '../matchers/matchers.ts';
export type { Fixture } from '../fixtures/forward-fixture.ts';

/** A forward's options, and how long it lives. */
export interface ForwardFixtureOptions<S extends 'test' | 'worker' = 'test'> extends LocalhostForwardOptions {
  /** How long one forward lives: a test, or a worker with all its files. Default: `'test'`. */
  scope?: S;
}

/** What {@link test} is told of its forward. */
export interface ForwardWorkerOptions {
  /** Ports and options of the worker's forward, in `use` of the configuration or of `test.use()`. */
  localhostForward: ({ ports: Ports } & LocalhostForwardOptions) | undefined;
}

/** What tests of {@link test} are given. */
export interface ForwardWorkerArgs {
  /** The worker's forward, opened when a test first asks for it. */
  net: LocalhostForward;
}

/** Longer than opening or closing may take, an image that is pulled for it included, so that the error is the one that tells why, in milliseconds. */
const timeout = 400_000;

/**
 * A forward as a fixture, for `test.extend()`: opened when a test first asks for it, closed at the end of its scope. {@link test} has a `net` of
 * its own: whoever extends that takes another name.
 *
 * @param ports - Service ports, or a function of other fixtures, in a destructured object, that tells them: real servers listen on 0.
 * @param options - How long it lives, and the options of openLocalhostForward().
 * @returns The fixture.
 * @throws What openLocalhostForward() throws, when a test first asks for it.
 *
 * @example
 * const test = base.extend<{ net: LocalhostForward }>({ net: forwardFixture(8088) });
 * test('containers reach the service', async ({ net }) => console.log(net.url()));
 *
 * @example
 * const test = withServer.extend<{ net: LocalhostForward }>({ net: forwardFixture(({ server }) => server.port) });
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- What needs no other fixture has none.
export const forwardFixture = <F = {}, S extends 'test' | 'worker' = 'test'>(
  ports: Ports | ((fixtures: F) => Ports | Promise<Ports>),
  { scope, ...options }: ForwardFixtureOptions<S> = {},
): [Fixture<F>, { scope: S; timeout: number }] => [
  makeFixture(ports, options),
  { scope: scope ?? ('test' as S), timeout },
];

/**
 * Playwright's `test` with one forward for each worker.
 *
 * @throws LHF_ERR_INVALID_OPTION where `use.localhostForward` names no ports; what openLocalhostForward() throws.
 *
 * @example
 * test.use({ localhostForward: { ports: 8088 } }); // or in `use` of the configuration
 * test('containers reach the service', async ({ net }) => console.log(net.url()));
 */
export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & ForwardWorkerOptions & ForwardWorkerArgs
> = base.extend<object, ForwardWorkerOptions & ForwardWorkerArgs>({
  localhostForward: [undefined, { scope: 'worker', option: true }],
  net: [
    async ({ localhostForward }, use) => {
      const { ports, ...options } = localhostForward ?? {};
      // A misspelt name is told before what is missing for it.
      assertForwardOptions(ports ?? 0, options, place);
      if (ports === undefined) throw noPorts();
      await makeFixture(ports, options)({}, use);
    },
    { scope: 'worker', timeout },
  ],
});

const matchers = noticedMatchers(awaitedAfterCall(failUntilAwaited));

/**
 * Playwright's `expect` with the matchers, for tests of any `test`: each is to be awaited. A test fails by one that nobody awaited.
 *
 * @throws What a matcher finds not to be so, for the test to fail by.
 *
 * @example
 * await expect(net).toHaveBeenReached({ times: 1 });
 */
export const expect: Expect<typeof matchers> = baseExpect.extend(matchers);

const place = { ports: 'use.localhostForward.ports', options: 'use.localhostForward', also: ['ports'] };

const noPorts = (): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'The fixture `net` found no ports: `use.localhostForward.ports` is not set',
    try: 'test.use({ localhostForward: { ports: 8088 } })',
  });
