import { isDeepStrictEqual } from 'node:util';
import {
  isLocalhostForwardError,
  LocalhostForwardError,
  openLocalhostForward,
  type LocalhostForward,
  type LocalhostForwardOptions,
  type Ports,
} from '../../src/index.ts';
import { writeHandover } from './handover.ts';

/** What stands under `testEnvironmentOptions.localhostForward`. */
export type JestForwardOptions = LocalhostForwardOptions & { ports: Ports };

interface ProjectConfig {
  readonly testEnvironmentOptions: Readonly<Record<string, unknown>>;
}

interface Shared {
  readonly given: unknown;
  readonly opening: Promise<LocalhostForward>;
  users: number;
}

// Each project of a run calls the set-up; Jest may load it twice, as CommonJS and as ESM.
const place = globalThis as unknown as Record<symbol, Shared | undefined>;
const key = Symbol.for('localhost-forward.jest');

const path = 'testEnvironmentOptions.localhostForward';

/**
 * Opens one forward for the whole run, with the options under `testEnvironmentOptions.localhostForward`. Where it fails it leaves nothing:
 * Jest calls no teardown then.
 *
 * @throws LocalhostForwardError; for a bad option with its path in the Jest config.
 */
export const globalSetup = async (_globalConfig: unknown, { testEnvironmentOptions }: ProjectConfig): Promise<void> => {
  const given = testEnvironmentOptions['localhostForward'];
  const shared = (place[key] ??= { given, opening: open(given), users: 0 });
  if (!isDeepStrictEqual(shared.given, given)) {
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `Expected \`${path}\` to be the same in every project of a run, which shares one forward`,
      try: 'useLocalhostForward() in the files that need another',
    });
  }
  shared.users += 1;
  try {
    writeHandover((await shared.opening).toJSON());
  } catch (error) {
    place[key] = undefined;
    throw error;
  }
};

/** Closes the forward of {@link globalSetup} after the last project. */
export const globalTeardown = async (): Promise<void> => {
  const shared = place[key];
  if (shared === undefined) return;
  shared.users -= 1;
  if (shared.users > 0) return;
  place[key] = undefined;
  writeHandover(undefined);
  await (await shared.opening).close();
};

const open = async (given: unknown): Promise<LocalhostForward> => {
  if (typeof given !== 'object' || given === null || !('ports' in given)) {
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
      what: `Expected \`${path}\` to be { ports, … }, got \`${JSON.stringify(given)}\``,
      try: '"testEnvironmentOptions": { "localhostForward": { "ports": [8088] } }',
    });
  }
  const { ports, ...options } = given as JestForwardOptions;
  try {
    return await openLocalhostForward(ports, options);
  } catch (error) {
    if (isLocalhostForwardError(error) && error.code === 'LHF_ERR_INVALID_OPTION') throw atPath(error);
    throw error;
  }
};

const atPath = (error: LocalhostForwardError): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_INVALID_OPTION',
    { what: error.message.replace(/`(?:options\.)?([a-z]\w*)/, `\`${path}.$1`) },
    { cause: error },
  );
