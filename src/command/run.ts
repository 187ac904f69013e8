import { execa } from 'execa';
import { debug } from './debug.ts';
import { findProgram, systemPath } from './find-program.ts';

export interface CommandResult {
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where the program could not be started, was killed, or took too long. */
  readonly exitCode: number | undefined;
  /** Why it did not end by itself, in a few words. */
  readonly failure: string | undefined;
}

export interface CommandOptions {
  /** What gives the program its privileges: nothing, or `sudo -n`. */
  readonly prefix?: readonly string[];
  readonly input?: string;
  /** Default: 10 000. */
  readonly timeoutMs?: number;
}

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

/** The same command, its programs by their absolute paths; or the name of the one that this system does not have. */
export const locate = (
  prefix: readonly string[],
  argv: readonly [string, ...string[]],
): { file: string; args: readonly string[] } | { missing: string } => {
  const [first, ...args] = argv;
  const program = findProgram(first);
  if (program === undefined) return { missing: first };
  const [by, ...rest] = prefix;
  if (by === undefined) return { file: program, args };
  const file = findProgram(by);
  return file === undefined ? { missing: by } : { file, args: [...rest, program, ...args] };
};

/** Runs a system program to its end. Arguments are passed as they are, never through a shell. Never throws: read `exitCode`. */
export const run = async (
  argv: readonly [string, ...string[]],
  { prefix = [], input, timeoutMs = 10_000 }: CommandOptions = {},
): Promise<CommandResult> => {
  const startedAt = performance.now();
  const command = [...prefix, ...argv].join(' ');
  const located = locate(prefix, argv);
  if ('missing' in located) {
    const failure = `no ${located.missing} in ${systemPath.replaceAll(':', ', ')}`;
    debug(`${command}: ${failure}`);
    return { command, stdout: '', stderr: '', exitCode: undefined, failure };
  }
  const result = await execa(located.file, located.args, {
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    timeout: timeoutMs,
    reject: false,
    env: commandEnvironment,
    extendEnv: false,
    stripFinalNewline: false,
  });
  const failure = result.timedOut
    ? `took longer than ${timeoutMs} ms`
    : result.signal !== undefined
      ? `killed by ${result.signal}`
      : result.exitCode === undefined
        ? (result.originalMessage ?? 'could not be started')
        : undefined;
  debug(
    `${command}: ${failure ?? `exit ${result.exitCode}`}${result.stderr === '' ? '' : `: ${result.stderr}`}`,
    startedAt,
  );
  return {
    command,
    stdout: result.stdout,
    stderr: result.stderr,
    exitCode: result.timedOut ? undefined : result.exitCode,
    failure,
  };
};
