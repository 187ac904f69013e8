import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of ours that gives one line of JSON for each line that it is sent. It ends when its input does. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
  ask<T>(line: string): Promise<T>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
}

/** The path of a file in `bench/programs`. */
export const programPath = (name: string): string => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));

export const startProgram = (name: string, args: readonly string[] = [], execArgv: readonly string[] = []): Program => {
  const child: ChildProcess = spawn(process.execPath, [...execArgv, programPath(name), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  child.stdin?.on('error', () => undefined);
  const lines = child.stdout === null ? undefined : createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    ask: async <T>(line: string): Promise<T> => {
      child.stdin?.write(`${line}\n`);
      const answer = await lines?.next();
      if (answer?.done !== false) throw new Error(`${name} ended before it answered ${line}`);
      return JSON.parse(answer.value) as T;
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin?.end();
      await ended;
    },
  };
};
