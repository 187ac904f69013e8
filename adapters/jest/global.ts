import { assertForwardOptions, LocalhostForwardError } from '../../src/index.ts';
import type { LocalhostForwardOptions, Ports } from '../../src/index.ts';
import { closeShared, openShared } from './handover.ts';

/** The part of Jest's project configuration that is read here. */
export interface ProjectConfig {
  readonly testEnvironmentOptions: Readonly<Record<string, unknown>>;
}

const place = 'testEnvironmentOptions.localhostForward';

/**
 * Opens the one forward of a Jest run, with the ports and options in `testEnvironmentOptions.localhostForward`. The preset does
 * this already; call it from a set-up of your own, which replaces the preset's.
 *
 * @throws LocalhostForwardError as openLocalhostForward() does; nothing is left then.
 *
 * @example
 * import { globalSetup } from 'localhost-forward/jest/global';
 * export default async (globalConfig, projectConfig) => {
 *   await globalSetup(globalConfig, projectConfig);
 *   await startMyService();
 * };
 */
export const globalSetup = async (_globalConfig: unknown, projectConfig: ProjectConfig): Promise<void> => {
  const given = projectConfig.testEnvironmentOptions['localhostForward'];
  if (typeof given !== 'object' || given === null) throw notConfigured(given);
  const { ports, ...options } = given as LocalhostForwardOptions & { ports: Ports };
  assertForwardOptions(ports, options, { ports: `${place}.ports`, options: place });
  await openShared(ports, options);
};

/** Closes what {@link globalSetup} opened. */
export const globalTeardown = async (): Promise<void> => closeShared();

const notConfigured = (given: unknown): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`${place}\` to be { ports, ...options }, got \`${String(given)}\``,
    try: '"testEnvironmentOptions": { "localhostForward": { "ports": [8088] } }',
  });
