import type { ChildProcess } from 'node:child_process';
import { clearTimeout, now, setTimeout, whenHeard } from '../clock.ts';
import { debug } from './debug.ts';
import { start, type Argv, type StartOptions } from './start.ts';

export interface CommandResult {
  readonly command: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Undefined where the program could not be started, was killed, or took too long. */
  readonly exitCode: number | undefined;
  /** Why it did not end by itself, in a few words. */
  readonly failure: string | undefined;
}

export interface CommandOptions extends Pick<StartOptions, 'prefix' | 'detached'> {
  readonly input?: string;
  /** Default: 10 000. */
  readonly timeoutMs?: number;
}

/** Runs a system program to its end. Never throws: read `exitCode`. */
export const run = async (
  argv: Argv,
  { prefix = [], detached = false, input, timeoutMs = 10_000 }: CommandOptions = {},
): Promise<CommandResult> => {
  const startedAt = now();
  const command = [...prefix, ...argv].join(' ');
  const program = start(argv, { prefix, detached, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
  const ended =
    'failure' in program
      ? { stdout: '', stderr: '', exitCode: undefined, ...program }
      : await finish(program, input, timeoutMs);
  const outcome = ended.failure ?? `exit ${ended.exitCode}`;
  debug(`${command}: ${outcome}${ended.stderr === '' ? '' : `: ${ended.stderr}`}`, startedAt);
  return { command, ...ended };
};

const finish = (
  program: ChildProcess,
  input: string | undefined,
  timeoutMs: number,
): Promise<Omit<CommandResult, 'command'>> =>
  new Promise((resolve) => {
    const printed = { stdout: '', stderr: '' };
    let failure: string | undefined;
    for (const name of ['stdout', 'stderr'] as const)
      program[name]?.setEncoding('utf8').on('data', (text: string) => (printed[name] += text));
    let hasEnded = false;
    const giveUp = (): void => {
      if (hasEnded) return;
      failure = `took longer than ${timeoutMs} ms`;
      program.kill('SIGKILL');
      // What it left running may hold its pipes for ever.
      for (const pipe of [program.stdin, program.stdout, program.stderr]) pipe?.destroy();
    };
    const timer = setTimeout(() => whenHeard(giveUp), timeoutMs);
    const end = (exitCode: number | undefined): void => {
      hasEnded = true;
      clearTimeout(timer);
      resolve({ ...printed, exitCode, failure });
    };
    program.once('error', (error) => {
      failure ??= error.message;
      end(undefined);
    });
    program.once('close', (code, signal) => {
      if (signal !== null) failure ??= `killed by ${signal}`;
      end(failure === undefined ? (code ?? undefined) : undefined);
    });
    // A program that reads no input closes the pipe early, which is no failure.
    program.stdin?.on('error', () => undefined).end(input);
  });
