import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { findProgram, systemPath } from './find-program.ts';

/**
 * The whole environment of every program that we run, whatever the user's is: system programs, messages in English, no home to write
 * to, and a terminal that every line editor knows, so that none complains where an answer is expected.
 */
export const commandEnvironment: Readonly<Record<string, string>> = {
  PATH: systemPath,
  LC_ALL: 'C',
  HOME: '/nonexistent',
  TERM: 'dumb',
};

export type Argv = readonly [string, ...string[]];

/** The same command, its programs by their absolute paths; or the name of the one that this system does not have. */
export const locate = (
  prefix: readonly string[],
  argv: Argv,
): { file: string; args: readonly string[] } | { missing: string } => {
  const [first, ...args] = argv;
  const program = findProgram(first);
  if (program === undefined) return { missing: first };
  const [by, ...rest] = prefix;
  if (by === undefined) return { file: program, args };
  const file = findProgram(by);
  return file === undefined ? { missing: by } : { file, args: [...rest, program, ...args] };
};

export interface StartOptions {
  /** What gives the program its privileges: nothing, or `sudo -n`. */
  readonly prefix?: readonly string[];
  /** Beside {@link commandEnvironment}. */
  readonly environment?: Readonly<Record<string, string>>;
  /** In a session and group of its own, which Ctrl+C at a terminal does not reach. Default: false. */
  readonly detached?: boolean;
  /** Default: pipes for all three. */
  readonly stdio?: StdioOptions;
}

/**
 * Starts a system program, the one way in which this package does: by its absolute path, arguments as they are and never through a
 * shell, in an environment of ours, in `/`, which is in nobody's way who removes the folder that tests ran in.
 *
 * @returns The program, or why there is none, in a few words.
 */
export const start = (
  argv: Argv,
  { prefix = [], environment = {}, detached = false, stdio = 'pipe' }: StartOptions = {},
): ChildProcess | { readonly failure: string } => {
  const located = locate(prefix, argv);
  if ('missing' in located) return { failure: `no ${located.missing} in ${systemPath.replaceAll(':', ', ')}` };
  return spawn(located.file, located.args, {
    cwd: '/',
    env: { ...environment, ...commandEnvironment },
    detached,
    stdio,
  });
};
