import { expected, readObject, readOneOf } from './expect.ts';
import { readDocker } from './docker.ts';
import { readBoolean } from './options.ts';

/** What a sweep is told, read. */
export interface ResolvedSweepOptions {
  readonly all: boolean;
  readonly docker: object | undefined;
  readonly privilege: 'auto' | 'root' | 'sudo' | 'container';
  /** Undefined: the real time. */
  readonly now: (() => number) | undefined;
}

/** @throws LHF_ERR_INVALID_OPTION, also for an unknown key: what was to be spared must not go for a slip of the pen. */
export const parseSweepOptions = (options: unknown): ResolvedSweepOptions => {
  const {
    all = false,
    docker,
    privilege = 'auto',
    now,
  } = readObject('options', options, ['all', 'docker', 'privilege', 'now']);
  if (now !== undefined && typeof now !== 'function') throw expected('options.now', 'a function', now);
  return {
    all: readBoolean('options.all', all),
    docker: docker === undefined ? undefined : readDocker('options.docker', docker),
    privilege: readOneOf('options.privilege', privilege, ['auto', 'root', 'sudo', 'container']),
    now: now as (() => number) | undefined,
  };
};
