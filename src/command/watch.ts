import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from '../clock.ts';
import { debug } from './debug.ts';
import { systemPath } from './find-program.ts';
import { start, type Argv, type StartOptions } from './start.ts';

/** A program that prints until it is told to end. */
export interface Watch {
  /** What it printed so far. */
  printed(): string;
  /** Ends it and returns all that it printed. */
  stop(): Promise<string>;
}

/** How long it may take to end when it is told to, in milliseconds. */
const farewellMs = 5_000;

// The pipe ends with this process, however that ends, and takes the program along; a signal would not reach what sudo runs.
// sudo may have given the shell another PATH.
const untilInputEnds = `PATH=${systemPath}; "$@" & watched=$!; cat > /dev/null; kill "$watched"; wait "$watched"`;

/**
 * Starts a program that prints until it is told to end, and resolves once it runs.
 *
 * @param onPrinted - Told each part of what it prints, of which nothing is kept then. Such a watch keeps no process alive.
 */
export const watch = async (
  argv: Argv,
  { prefix = [] }: Pick<StartOptions, 'prefix'> = {},
  onPrinted?: (text: string) => void,
): Promise<Watch> => {
  const program = start(['sh', '-c', untilInputEnds, 'lhf-watch', ...argv], {
    prefix,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  if ('failure' in program) return { printed: () => '', stop: async () => '' };
  let printed = '';
  program.stdin?.on('error', () => undefined);
  program.stdout?.setEncoding('utf8').on('data', onPrinted ?? ((text: string) => (printed += text)));
  if (onPrinted !== undefined)
    for (const part of [program, program.stdin as Socket | null, program.stdout as Socket | null]) part?.unref();
  const ended = new Promise<void>((resolve) => program.once('close', () => resolve()).once('error', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => program.once('spawn', () => resolve())), ended]);
  return {
    printed: () => printed,
    stop: async () => {
      program.stdin?.end();
      const timer = setTimeout(() => {
        program.kill('SIGKILL');
        // What it left running may hold its pipes for ever.
        for (const pipe of [program.stdin, program.stdout]) pipe?.destroy();
      }, farewellMs);
      await ended;
      clearTimeout(timer);
      debug(`${argv.join(' ')}: ${printed.length} characters`);
      return printed;
    },
  };
};
