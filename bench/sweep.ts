// How long a sweep takes for many dead forwards: `node bench/sweep.ts [--count 100] [--rounds 3] [--strategies nftables,iptables]`.
import { sweep, type Strategy } from '../src/index.ts';
import type { OpenerAnswer } from './programs/opener.ts';
import { readNumbers, readStrategies } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { listDescendants } from './support/descendants.ts';
import { timed } from './support/figures.ts';
import { createManyBare } from './support/forwards.ts';
import { listMarks } from './support/marks.ts';
import { startProgram } from './support/program.ts';
import { bound, none, section, tell } from './support/report.ts';

const { count, rounds } = readNumbers({ count: 100, rounds: 3 });
const boundMs = 2_000;

/** Leaves forwards whose process is dead, and whoever would have removed them as well. Returns the process's nonce. */
const leaveDead = async (strategy: Strategy, port: number): Promise<string> => {
  const opener = startProgram('opener.ts', [strategy, String(port)]);
  const { networks, failures } = await opener.ask<OpenerAnswer>(`open ${count}`);
  if (failures.length > 0) throw new Error(failures[0]);
  // Halted first, so that it repairs nothing while what it keeps running is killed.
  opener.kill('SIGSTOP');
  for (const pid of await listDescendants(opener.pid)) process.kill(pid, 'SIGKILL');
  opener.kill('SIGKILL');
  await opener.ended;
  return networks[0]?.slice(4, 9) ?? '';
};

await runBench(import.meta.filename, async () => {
  await using service = startProgram('service.ts');
  const port = await service.ask<number>('listen 127.0.0.1');
  const strategies = readStrategies();
  const figures = strategies.map((strategy) => ({
    strategy,
    removals: [] as number[],
    sweeps: [] as number[],
    failures: [] as string[],
  }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { strategy, removals, sweeps, failures } of figures) {
      const networks = await createManyBare(count);
      removals.push((await timed(() => Promise.all(networks.map((network) => network.remove()))))[0]);
      const nonce = await leaveDead(strategy, port);
      const [ms, { failed }] = await timed(() => sweep());
      sweeps.push(ms);
      failures.push(...failed.map(({ kind, name, reason }) => `${kind} ${name}: ${reason}`));
      failures.push(...(await listMarks()).filter((mark) => mark.includes(nonce)));
    }
  }
  section(`a sweep of ${count} dead forwards, ${rounds} rounds`);
  for (const { strategy, removals, sweeps, failures } of figures) {
    section(`a sweep of ${count}, ${strategy}`);
    tell("the engine's own removal of as many networks at once", removals, 'ms');
    tell('sweep', sweeps, 'ms');
    const beyond = sweeps.map((ms, n) => ms - (removals[n] ?? NaN));
    bound('beyond the engine', beyond, { most: boundMs }, 'ms');
    none('what could not be removed, or stayed', failures);
  }
});
