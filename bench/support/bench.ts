import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { sweep } from '../../src/index.ts';
import { removeOwn } from './engine.ts';
import { describeMachine } from './machine.ts';
import { listMarks, listProcessesWith } from './marks.ts';
import { runVariable, runWord } from './run-word.ts';

/** How long what the product removes after a process's end may take here, in milliseconds. */
const patienceMs = 30_000;

/**
 * Runs a bench in a process of its own and cleans up after it, whatever became of that: its networks and containers are removed,
 * and what is left of the product fails the run, and is swept.
 */
export const runBench = async (file: string, body: () => Promise<void>): Promise<void> => {
  // Whoever reads may go, as `head` does: what was begun is ended all the same.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  if (runWord() !== '') return body();
  console.log(await describeMachine());
  const word = `${process.pid}-${Date.now().toString(36)}`;
  const before = new Set(await listMarks());
  const child = spawn(process.execPath, [...process.execArgv, file, ...process.argv.slice(2)], {
    stdio: 'inherit',
    // The forwards' subnets and those of bare networks come from two halves of one range.
    env: { ...process.env, [runVariable]: word, LOCALHOST_FORWARD_SUBNET_POOL: '198.18.0.0/16' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
  await removeOwn(word);
  const look = async (): Promise<string[]> => [
    ...(await listMarks()).filter((mark) => !before.has(mark)),
    ...(await listProcessesWith(`${runVariable}=${word}`)),
  ];
  const endedAt = performance.now();
  let left = await look();
  while (left.length > 0 && performance.now() - endedAt < patienceMs) {
    await delay(250);
    left = await look();
  }
  if (left.length === 0) return;
  console.log(`${left.length} things were left, and are swept now: MISSED\n${left.slice(0, 10).join('\n')}`);
  process.exitCode = 1;
  const { failed } = await sweep();
  for (const { kind, name, reason } of failed) console.log(`${kind} ${name} stays: ${reason}`);
};
