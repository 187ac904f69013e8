import { inject } from 'vitest';
import { joinLocalhostForward, LocalhostForwardError, openLocalhostForward } from '../../src/index.ts';
import type { ForwardHandover, LocalhostForward, LocalhostForwardOptions, Ports } from '../../src/index.ts';
import { makeFixture, type Fixture } from '../fixtures/forward-fixture.ts';

// Whatever a user exports of ours has types that can be named.
export type { Fixture } from '../fixtures/forward-fixture.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    localhostForward: ForwardHandover;
  }
}

/** A forward's options, and how long it lives. */
export interface ForwardFixtureOptions extends LocalhostForwardOptions {
  /** How long one forward lives: a test, a file, or a worker with all its files. Default: `'test'`. */
  scope?: 'test' | 'file' | 'worker';
}

/** A fixture as `test.extend()` takes it; it needs the fixtures `F`. */
// oxlint-disable-next-line typescript/no-empty-object-type -- Vitest asks for a destructured object, empty or not.
export type ForwardFixture<F = {}> = [Fixture<F>, { scope: 'test' | 'file' | 'worker' }];

/**
 * A forward as a fixture: opened when a test first asks for it, closed at the end of its scope. Vitest has a fixture of scope `'worker'`
 * once for each worker, and by default each test file has a worker of its own: two files have two forwards then. One for the whole run is
 * {@link globalForward}.
 *
 * @param ports - Service ports, or a function of other fixtures, in a destructured object, that tells them: real servers listen on 0.
 * @param options - How long it lives, and the options of openLocalhostForward().
 * @returns The fixture.
 * @throws What openLocalhostForward() throws, when a test first asks for it.
 *
 * @example
 * const test = base.extend<{ net: LocalhostForward }>({ net: forwardFixture(8088, { scope: 'file' }) });
 * test('containers reach the service', async ({ net }) => console.log(net.url()));
 *
 * @example
 * const test = withServer.extend<{ net: LocalhostForward }>({ net: forwardFixture(({ server }) => server.port) });
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- As above.
export const forwardFixture = <F = {}>(
  ports: Ports | ((fixtures: F) => Ports | Promise<Ports>),
  { scope = 'test', ...options }: ForwardFixtureOptions = {},
): ForwardFixture<F> => [makeFixture(ports, options, { hasSignal: scope === 'test' }), { scope }];

/** What of Vitest's project a global set-up is given here. */
export interface ProvidingProject {
  provide(key: 'localhostForward', value: ForwardHandover): void;
}

/**
 * One forward for the whole run, as the default export of a `globalSetup` file; tests get it by {@link injectForward}.
 *
 * @param ports - Service ports, or a function that tells them when the run begins.
 * @returns What Vitest calls.
 * @throws What openLocalhostForward() throws, when the run begins.
 *
 * @example
 * export default globalForward(8088);
 *
 * @example
 * export default globalForward(async () => (await startServer()).port);
 */
export const globalForward =
  (ports: Ports | (() => Ports | Promise<Ports>), options?: LocalhostForwardOptions) =>
  async (project: ProvidingProject): Promise<() => Promise<void>> => {
    const net = await openLocalhostForward(typeof ports === 'function' ? await ports() : ports, options);
    project.provide('localhostForward', net.toJSON());
    return () => net.close();
  };

/**
 * The forward that {@link globalForward} opened. Its ports are fixed, and it is closed by the global set-up, not by tests.
 *
 * @param options - `docker` as it was given to `globalForward`.
 * @throws LHF_ERR_INVALID_OPTION where no global set-up opened one.
 *
 * @example
 * const net = injectForward();
 */
export const injectForward = (options?: Pick<LocalhostForwardOptions, 'docker'>): LocalhostForward => {
  const handover: ForwardHandover | undefined = inject('localhostForward');
  if (handover !== undefined) return joinLocalhostForward(handover, options);
  throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: 'injectForward() found no forward: none of the files in `test.globalSetup` opens one',
    try: 'a file with `export default globalForward(8088)`, named in globalSetup of vitest.config',
  });
};
