import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { signalNumber } from './signals.ts';

export interface SpawnOptions {
  /** Added to the environment; `undefined` removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  /** Starts a session of its own, which Ctrl+C does not reach. */
  readonly detached?: boolean;
}

export interface ExecOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to the command's standard input. */
  readonly input?: string;
  /** Milliseconds until it is killed and the promise rejects. Default 30 000. */
  readonly timeoutMs?: number;
}

export interface ExecResult {
  readonly stdout: string;
  readonly stderr: string;
  /** As a shell gives it: 128 + n after a signal. */
  readonly exitCode: number;
}

export type Spawn = (argv: readonly string[], options?: SpawnOptions) => ChildProcess;
export type Exec = (argv: readonly string[], options?: ExecOptions) => Promise<ExecResult>;

/** Starts a command on this side. */
export const spawnHere: Spawn = ([command = '', ...args], { env, ...options } = {}) =>
  spawn(command, args, { ...options, env: { ...process.env, ...env } });

/** An `exec` made of a `spawn`: collects what the command prints. A command that fails is a result, not an error. */
export const execWith =
  (start: Spawn): Exec =>
  async (argv, { env, cwd, input = '', timeoutMs = 30_000 } = {}) => {
    const child = start(argv, {
      ...(env && { env }),
      ...(cwd !== undefined && { cwd }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    // A command that reads no input closes the pipe early, which is no failure.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (part: string) => (output[name] += part));
    }
    const closed = outputOfEnded(child);
    try {
      const [code, signal] = await exitOf(child);
      await closed();
      if (timedOut)
        throw new Error(`Killed \`${argv.join(' ')}\` after ${timeoutMs} ms\n${output.stdout}${output.stderr}`);
      return { ...output, exitCode: code ?? 128 + signalNumber(signal) };
    } finally {
      clearTimeout(timer);
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
  };

/** Runs a command on this side. */
export const execHere: Exec = execWith(spawnHere);

/** Runs a command and returns what it printed; throws with its standard error where it fails. */
export const outputOf = async (exec: Exec, argv: readonly string[], options?: ExecOptions): Promise<string> => {
  const { stdout, stderr, exitCode } = await exec(argv, options);
  if (exitCode !== 0) throw new Error(`\`${argv.join(' ')}\` ended with ${exitCode}\n${stderr}${stdout}`);
  return stdout;
};

/**
 * A wait, for after the child's end, until all that it wrote has arrived. What it left running may hold its pipes for ever, and is not
 * waited for.
 */
export const outputOfEnded = (child: ChildProcess): (() => Promise<unknown>) => {
  const closed = once(child, 'close');
  closed.catch(() => {});
  return () => Promise.race([closed, delay(500, undefined, { ref: false })]);
};

/** How the child ended; rejects where it could not be started. */
export const exitOf = (child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> =>
  new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve([child.exitCode, child.signalCode]);
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve([code, signal]));
  });
