import { isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import { wordsOf } from '../printable.ts';
import { isForFiles, notPermitted, tooFewFiles } from './allowed.ts';
import { assertGenuineModules } from './mocked.ts';

/** The border of the package: whatever fails behind it comes out as its own error, with what it was as the cause. */
export const coded = async <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
  try {
    assertGenuineModules();
    return await work();
  } catch (error) {
    throw toCoded(what, error);
  }
};

/** Any failure as an error of this package's; `what` was being done. */
export const toCoded = (what: string, error: unknown): LocalhostForwardError => {
  if (isLocalhostForwardError(error)) return error;
  const { code, permission, resource, statusCode } = (error ?? {}) as Failure;
  const words = wordsOf(error);
  if (code === 'ERR_ACCESS_DENIED') return notPermitted([`denied: ${permission} ${resource ?? ''}`.trimEnd()], error);
  if (isForFiles(error)) return tooFewFiles(words, error);
  if (typeof statusCode === 'number')
    return new LocalhostForwardError(
      'LHF_ERR_DOCKER_UNAVAILABLE',
      { what: `${what} failed: the Docker engine answered ${statusCode}: ${words}`, try: 'docker info' },
      { cause: error },
    );
  return new LocalhostForwardError(
    'LHF_ERR_SYSTEM',
    { what: `${what} failed: ${words}`, try: 'export DEBUG=localhost-forward*' },
    { cause: error },
  );
};

interface Failure {
  readonly code?: unknown;
  readonly permission?: string;
  readonly resource?: string;
  readonly statusCode?: unknown;
}
