import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from '../clock.ts';
import { debug } from './debug.ts';
import { locate, start, type Argv, type StartOptions } from './start.ts';

/** A program that prints until it is told to end. */
export interface Watch {
  /** What it printed so far. */
  printed(): string;
  /** Ends it and returns all that it printed. */
  stop(): Promise<string>;
}

/** How long it may take to end when it is told to, in milliseconds. */
const farewellMs = 5_000;

// The pipe ends with this process, however that ends, and takes the program along. Detached: at Ctrl+C a terminal ends the shell and cat,
// and a program that a shell has put into the background goes on.
const untilInputEnds = '"$@" & watched=$!; cat > /dev/null; kill "$watched"; wait "$watched"';

/**
 * The same for a program that another user's rights are given to: no signal of ours would reach it. It has a terminal of its own, which
 * the kernel hangs up when `script` is killed, whoever it runs as.
 */
const untilHungUp =
  'script -qefc "$*" /dev/null < /dev/null & watched=$!; cat > /dev/null; kill -KILL "$watched"; wait "$watched"';

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
  const located = locate(prefix, argv);
  const program =
    'missing' in located
      ? { failure: located.missing }
      : start(
          prefix.length === 0
            ? ['sh', '-c', untilInputEnds, 'lhf-watch', located.file, ...located.args]
            : ['sh', '-c', untilHungUp, 'lhf-watch', 'exec', located.file, ...located.args],
          { stdio: ['pipe', 'pipe', 'ignore'], detached: true },
        );
  if ('failure' in program) return { printed: () => '', stop: async () => '' };
  let printed = '';
  program.stdin?.on('error', () => undefined);
  const hear = onPrinted ?? ((text: string): void => void (printed += text));
  // A terminal ends its lines with two characters.
  program.stdout?.setEncoding('utf8').on('data', (text: string) => hear(text.replaceAll('\r', '')));
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
