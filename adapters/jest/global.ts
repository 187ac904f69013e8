import { assertForwardOptions, LocalhostForwardError } from '../../src/index.ts';
import type { LocalhostForwardOptions, Ports } from '../../src/index.ts';
import { closeShared, openShared } from './handover.ts';

/** The part of Jest's project configuration that is read here. */
export interface ProjectConfig {
  readonly id?: string;
  readonly rootDir?: string;
  readonly testEnvironmentOptions: Readonly<Record<string, unknown>>;
}

const place = 'testEnvironmentOptions.localhostForward';

/**
 * Opens the one forward of a Jest run, with the ports and options in `testEnvironmentOptions.localhostForward`. The preset does
 * this already; call it from a set-up of your own, which replaces the preset's. Of several projects with one set-up Jest calls it once, with
 * the configuration of one of them: let each name all ports.
 *
 * @param ports - In place of the configuration's: a function can tell those of servers that the set-up has started.
 * @throws LocalhostForwardError as openLocalhostForward() does; nothing is left then.
 *
 * @example
 * import { globalSetup } from 'localhost-forward/jest/global';
 * export default async (globalConfig, projectConfig) => {
 *   await globalSetup(globalConfig, projectConfig, async () => (await startMyService()).port);
 * };
 */
export const globalSetup = async (
  _globalConfig: unknown,
  projectConfig: ProjectConfig,
  ports?: Ports | (() => Ports | Promise<Ports>),
): Promise<void> => {
  const configured = projectConfig.testEnvironmentOptions['localhostForward'];
  const told = typeof ports === 'function' ? await ports() : ports;
  const given = told === undefined ? configured : { ...(configured as object | undefined), ports: told };
  if (typeof given !== 'object' || given === null) throw notConfigured(given);
  const { ports: asked, ...options } = given as LocalhostForwardOptions & { ports: Ports };
  assertForwardOptions(asked, options, { ports: `${place}.ports`, options: place, also: ['ports'] });
  await openShared(projectConfig.id ?? projectConfig.rootDir ?? projectConfig, asked, options);
};

/**
 * Closes what {@link globalSetup} opened.
 *
 * @throws LHF_ERR_CLOSE naming what is left.
 *
 * @example
 * export { globalTeardown as default } from 'localhost-forward/jest/global';
 */
export const globalTeardown = async (): Promise<void> => closeShared();

const notConfigured = (given: unknown): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`${place}\` to be { ports, ...options }, got \`${String(given)}\``,
    try: '"testEnvironmentOptions": { "localhostForward": { "ports": [8088] } }',
  });
