import { isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
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
  const { code, message, permission, resource, statusCode } = (error ?? {}) as Failure;
  const words = message ?? String(error);
  if (code === 'ERR_ACCESS_DENIED') {
    const evidence = [`denied: ${permission ?? 'unknown'}${resource === undefined ? '' : ` ${resource}`}`];
    return new LocalhostForwardError(
      'LHF_ERR_PRIVILEGE',
      {
        what: `${what} failed: this process runs with --permission, and Node denies what it needs`,
        evidence,
        try: permitted,
      },
      { cause: error },
    );
  }
  if (/EMFILE|ENFILE|too many open files/i.test(`${String(code)} ${words}`))
    return new LocalhostForwardError(
      'LHF_ERR_SYSTEM',
      { what: `${what} failed: this process may not open as many files as it needs: ${words}`, try: 'ulimit -n 1024' },
      { cause: error },
    );
  if (typeof statusCode === 'number')
    return new LocalhostForwardError(
      'LHF_ERR_DOCKER_UNAVAILABLE',
      { what: `${what} failed: the Docker engine answered ${statusCode}: ${words}`, try: 'docker info' },
      { cause: error },
    );
  return new LocalhostForwardError(
    'LHF_ERR_SYSTEM',
    { what: `${what} failed: ${words}`, try: 'DEBUG=localhost-forward* with the same command, which tells each step' },
    { cause: error },
  );
};

interface Failure {
  readonly code?: unknown;
  readonly message?: string;
  readonly permission?: string;
  readonly resource?: string;
  readonly statusCode?: unknown;
}

// Newer Nodes have a permission for the network as well.
const permitted = `node --permission --allow-child-process --allow-fs-read=* --allow-fs-write=*${
  process.allowedNodeEnvironmentFlags.has('--allow-net') ? ' --allow-net' : ''
} …`;
