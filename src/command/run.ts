import { execa } from 'execa';
import { debug } from './debug.ts';

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
  readonly input?: string;
  /** Default: 10 000. */
  readonly timeoutMs?: number;
}

// Debian keeps nft, iptables and sysctl where an ordinary user's PATH does not look.
const path = [process.env['PATH'] ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(':');

/** The environment of every program we run: messages in English, tools of the administrator found. */
export const commandEnvironment: Readonly<Record<string, string>> = { PATH: path, LC_ALL: 'C', HOME: '/nonexistent' };

/** Runs a program to its end. Arguments are passed as they are, never through a shell. Never throws: read `exitCode`. */
export const run = async (
  argv: readonly [string, ...string[]],
  { input, timeoutMs = 10_000 }: CommandOptions = {},
): Promise<CommandResult> => {
  const startedAt = performance.now();
  const [file, ...args] = argv;
  const result = await execa(file, args, {
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    timeout: timeoutMs,
    reject: false,
    env: commandEnvironment,
    extendEnv: true,
    stripFinalNewline: false,
  });
  const failure = result.timedOut
    ? `took longer than ${timeoutMs} ms`
    : result.signal !== undefined
      ? `killed by ${result.signal}`
      : result.exitCode === undefined
        ? (result.originalMessage ?? 'could not be started')
        : undefined;
  const command = argv.join(' ');
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
