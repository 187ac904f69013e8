import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Strategy } from '../../src/index.ts';
import type { OpenerAnswer } from '../programs/opener.ts';
import { startProgram } from '../support/program.ts';
import { bound, none, section, tell } from '../support/report.ts';
import { listDescendants } from '../support/descendants.ts';

/** What a process, and the processes that it keeps for its forwards, grow by with each further one. */
export const measureMemory = async (
  strategy: Strategy,
  { count, port }: { count: number; port: number },
): Promise<void> => {
  await using opener = startProgram('opener.ts', [strategy, String(port)], ['--expose-gc']);
  // The first few load what all need.
  const first = await opener.ask<OpenerAnswer>('open 3');
  const held = await readHeld(opener.pid);
  const all = await opener.ask<OpenerAnswer>(`open ${count}`);
  const heldByAll = await readHeld(opener.pid);
  const grown = all.networks.length - first.networks.length;
  section(`memory of ${strategy}, ${grown} further forwards`);
  none('failures', [...first.failures, ...all.failures]);
  tell('heap and external with the first 3', [first.memory / 1_000], 'kB');
  tell(`the same with all`, [all.memory / 1_000], 'kB');
  tell('what it keeps running, with the first 3', [held / 1_000], 'kB');
  tell('the same with all', [heldByAll / 1_000], 'kB');
  bound('the process, per forward', [(all.memory - first.memory) / grown / 1_000], { most: 100 }, 'kB');
  bound('what it keeps running, per forward', [(heldByAll - held) / grown / 1_000], { most: 200 }, 'kB');
};

/** The memory of all processes below one, in bytes, each page shared out among those who have it. */
const readHeld = async (pid: number): Promise<number> => {
  for (let before = ''; ;) {
    const pids = await listDescendants(pid);
    const sizes = await Promise.all(pids.map(readPss));
    // A command of a moment is not kept: two looks that agree see none.
    const now = pids.join(' ');
    if (now === before) return sizes.reduce((sum, size) => sum + size, 0);
    before = now;
    await delay(300);
  }
};

const readPss = async (pid: number): Promise<number> => {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
};
