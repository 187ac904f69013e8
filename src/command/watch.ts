import { spawn } from 'node:child_process';
import { debug } from './debug.ts';
import { systemPath } from './find-program.ts';
import { commandEnvironment, locate } from './run.ts';

/** A program that prints until it is told to end. */
export interface Watch {
  /** What it printed so far. */
  printed(): string;
  /** Ends it and returns all that it printed. */
  stop(): Promise<string>;
}

// The pipe ends with this process, however that ends, and takes the program along; a signal would not reach what sudo runs.
// sudo may have given the shell another PATH.
const untilInputEnds = `PATH=${systemPath}; "$@" & watched=$!; cat > /dev/null; kill "$watched"; wait "$watched"`;

/** Starts a program that prints until it is told to end, and resolves once it runs. `prefix` is what gives it its privileges. */
export const watch = async (prefix: readonly string[], argv: readonly [string, ...string[]]): Promise<Watch> => {
  const located = locate(prefix, ['sh', '-c', untilInputEnds, 'lhf-watch', ...argv]);
  if ('missing' in located) return { printed: () => '', stop: async () => '' };
  const child = spawn(located.file, located.args, { stdio: ['pipe', 'pipe', 'ignore'], env: commandEnvironment });
  let printed = '';
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => child.once('spawn', () => resolve())), ended]);
  return {
    printed: () => printed,
    stop: async () => {
      child.stdin.end();
      await ended;
      debug(`${argv.join(' ')}: ${printed.length} characters`);
      return printed;
    },
  };
};
