import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exitOf, outputOfEnded, type Spawn, spawnHere } from './run.ts';
import { within } from './until.ts';

export interface SpawnScriptOptions {
  /** TypeScript, run as a module; its relative imports and packages are found from the project's root. */
  readonly source?: string;
  /** A file to run, in place of `source`. */
  readonly file?: string;
  /** What the script finds from `process.argv[1]` (`source`) or `process.argv[2]` (`file`) on. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Node's own options. */
  readonly execArgv?: readonly string[];
  /** Default the project's root. */
  readonly cwd?: string;
  /** A process group of its own, for `killGroup`. */
  readonly detached?: boolean;
  /** Where it runs: here, or a private engine's `spawn`. */
  readonly spawn?: Spawn;
}

export interface ScriptExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type LinePredicate = string | RegExp | ((line: string) => boolean);

/** A Node process of a test. */
export interface Script extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The lines of its standard output so far. */
  readonly lines: readonly string[];
  /** Its standard error so far. */
  readonly stderr: () => string;
  /** How it ended, once all that it printed is here. */
  readonly exit: Promise<ScriptExit>;
  /** The first line, printed already or yet to come, that fits: equals the string, matches, or satisfies. Default 40 s. */
  waitForLine(predicate: LinePredicate, options?: { timeoutMs?: number }): Promise<string>;
  /** Writes a line to its standard input. */
  send(line: string): void;
  /** Ends its standard input. */
  endInput(): void;
  /** Sends the signal, and resolves when the process is gone (at most 40 s). */
  kill(signal?: NodeJS.Signals): Promise<ScriptExit>;
  /** Sends the signal to its whole group, as Ctrl+C does; needs `detached`, and a script on this side. */
  killGroup(signal: NodeJS.Signals): Promise<ScriptExit>;
}

/** The project's root, with a slash at its end. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Starts a Node process; leaving the scope kills it. */
export const spawnScript = (options: SpawnScriptOptions): Script => {
  const {
    source,
    file,
    args = [],
    env,
    execArgv = [],
    cwd = projectRoot,
    detached = false,
    spawn = spawnHere,
  } = options;
  const program = file === undefined ? ['--input-type=module-typescript', '--eval', source ?? '', '--'] : [file];
  const child = spawn([process.execPath, ...execArgv, ...program, ...args], {
    ...(env && { env }),
    cwd,
    detached,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => {});
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => (stderr += part));
  const ended = exitOf(child).then(([code, signal]): ScriptExit => ({ code, signal }));
  const closed = outputOfEnded(child);
  const exit = ended.then(async (how) => {
    await closed();
    return how;
  });
  exit.catch(() => {});
  const output = readLines(child);

  const waitForLine: Script['waitForLine'] = async (predicate, { timeoutMs = 90_000 } = {}) => {
    try {
      return await within(timeoutMs, `a line like ${String(predicate)}`, output.find(fits(predicate)));
    } catch (error) {
      const said = [...output.lines, stderr].join('\n').slice(-4_000);
      throw new Error(`${(error as Error).message}; the script said:\n${said}`, { cause: error });
    }
  };
  const gone = (): Promise<ScriptExit> => within(40_000, 'the script to end', exit);
  const kill = (signal: NodeJS.Signals = 'SIGTERM'): Promise<ScriptExit> => {
    child.kill(signal);
    return gone();
  };
  return {
    process: child,
    lines: output.lines,
    stderr: () => stderr,
    exit,
    waitForLine,
    send: (line) => void child.stdin?.write(`${line}\n`),
    endInput: () => void child.stdin?.end(),
    kill,
    killGroup: (signal) => {
      if (!detached || child.pid === undefined) throw new Error('The script has no process group of its own');
      process.kill(-child.pid, signal);
      return gone();
    },
    [Symbol.asyncDispose]: async () => void (await kill('SIGKILL')),
  };
};

// Lines outlive the process by a moment, so the search ends with the output, not with the exit.
const readLines = (child: ChildProcess): { lines: string[]; find(fit: (line: string) => boolean): Promise<string> } => {
  const lines: string[] = [];
  const searches = new Set<{ look(line: string): void; end(): void }>();
  let ended = false;
  if (child.stdout) {
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => {
      lines.push(line);
      for (const search of searches) search.look(line);
    });
    reader.on('close', () => {
      ended = true;
      for (const search of searches) search.end();
    });
  }
  const find = (fit: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const present = lines.find(fit);
      const fail = (): void => reject(new Error('Its output ended without the line waited for'));
      if (present !== undefined) resolve(present);
      else if (ended) fail();
      else searches.add({ look: (line) => fit(line) && resolve(line), end: fail });
    });
  return { lines, find };
};

const fits = (predicate: LinePredicate): ((line: string) => boolean) => {
  if (typeof predicate === 'string') return (line) => line === predicate;
  return predicate instanceof RegExp ? (line) => predicate.test(line) : predicate;
};
