import { spawn } from 'node:child_process';
import { debug } from './debug.ts';
import { commandEnvironment } from './run.ts';

/** Starts a program that prints until it is told to end, and resolves once it runs. `stop` ends it and returns what it printed. */
export const watch = async (argv: readonly string[]): Promise<{ stop(): Promise<string> }> => {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...commandEnvironment } });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()).once('error', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => child.once('spawn', () => resolve())), ended]);
  return {
    stop: async () => {
      // SIGTERM reaches what sudo runs, too: it passes that on.
      child.kill('SIGTERM');
      await ended;
      debug(`${argv.join(' ')}: ${printed.length} characters`);
      return printed;
    },
  };
};
