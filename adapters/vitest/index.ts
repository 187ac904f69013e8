import { inject } from 'vitest';
import {
  joinLocalhostForward,
  LocalhostForwardError,
  openLocalhostForward,
  type ForwardHandover,
  type LocalhostForward,
  type LocalhostForwardOptions,
  type Ports,
} from '../../src/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    localhostForward: ForwardHandover;
  }
}

type Scope = 'test' | 'file' | 'worker';
type Fixture = [(context: object, use: (net: LocalhostForward) => Promise<void>) => Promise<void>, { scope: Scope }];

/**
 * A forward as a fixture, opened when a test first asks for it and closed when its scope ends.
 *
 * @param options - `scope`: `'test'` (default), `'file'` or `'worker'`; the rest as for openLocalhostForward.
 *
 * @example
 * const test = base.extend<{ net: LocalhostForward }>({ net: forwardFixture(8088, { scope: 'file' }) });
 * test('the proxy reaches us', async ({ net }) => { … });
 */
export const forwardFixture = (
  ports: Ports,
  { scope = 'test', ...options }: LocalhostForwardOptions & { scope?: Scope } = {},
): Fixture => [
  // Vitest reads from this pattern that no other fixture is needed.
  // oxlint-disable-next-line no-empty-pattern
  async ({}, use) => {
    await using net = await openLocalhostForward(ports, options);
    await use(net);
  },
  { scope },
];

interface GlobalProject {
  provide(key: 'localhostForward', value: ForwardHandover): void;
}

/**
 * One forward for the whole run, in a file named under `globalSetup`; tests get it by {@link injectForward}.
 *
 * @example
 * export default globalForward(8088);
 */
export const globalForward =
  (ports: Ports, options: LocalhostForwardOptions = {}) =>
  async (project: GlobalProject): Promise<() => Promise<void>> => {
    const net = await openLocalhostForward(ports, options);
    project.provide('localhostForward', net.toJSON());
    return () => net.close();
  };

/**
 * The forward that the global set-up opened, in a test.
 *
 * @throws LHF_ERR_INVALID_OPTION where no global set-up opened one.
 */
export const injectForward = (options: { docker?: object } = {}): LocalhostForward => {
  const handover = inject('localhostForward') as ForwardHandover | undefined;
  if (handover === undefined) {
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: 'injectForward() found no forward: no global set-up of this project provided one',
      try: "globalSetup: './forward.ts' in the Vitest config, with `export default globalForward(8088)` in that file",
    });
  }
  return joinLocalhostForward(handover, options);
};
