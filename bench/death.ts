// What becomes of the forwards of a process that is killed: `node bench/death.ts [--count 200] [--rounds 1]
// [--strategies nftables,iptables]`. Nothing is swept: the product's own guardian removes what there is.
import type { Strategy } from '../src/index.ts';
import type { OpenerAnswer } from './programs/opener.ts';
import { readNumbers, readStrategies } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { createManyBare } from './support/forwards.ts';
import { timed } from './support/figures.ts';
import { startProgram } from './support/program.ts';
import { bound, none, section, tell } from './support/report.ts';
import { awaitGone, watchRemoval, type Gone } from './support/witness.ts';

const { count, rounds } = readNumbers({ count: 200, rounds: 1 });
const bounds = { rulesMs: 250, gone: 1.5 };

const moments = ['with all open', 'while it closes'] as const;

interface Death extends Gone {
  /** Networks that were still there. */
  readonly left: number;
}

const die = async (strategy: Strategy, moment: (typeof moments)[number], port: number): Promise<Death> => {
  const opener = startProgram('opener.ts', [strategy, String(port)]);
  const { networks, failures } = await opener.ask<OpenerAnswer>(`open ${count}`);
  if (failures.length > 0) throw new Error(failures[0]);
  const nonce = networks[0]?.slice(4, 9) ?? '';
  let left = networks.length;
  if (moment === 'while it closes') {
    const removal = await watchRemoval(networks);
    // It is killed before it can answer.
    opener.ask('close').catch(() => undefined);
    await removal.seen;
    left -= 1;
  }
  const killedAt = performance.now();
  opener.kill('SIGKILL');
  await opener.ended;
  return { left, ...(await awaitGone(nonce, killedAt)) };
};

await runBench(import.meta.filename, async () => {
  await using service = startProgram('service.ts');
  const port = await service.ask<number>('listen 127.0.0.1');
  const cases = readStrategies().flatMap((strategy) => moments.map((moment) => ({ strategy, moment })));
  const deaths = cases.map((each) => ({ ...each, seen: [] as Death[] }));
  const removals: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const { strategy, moment, seen } of deaths) {
      const networks = await createManyBare(count);
      removals.push((await timed(() => Promise.all(networks.map((network) => network.remove()))))[0]);
      seen.push(await die(strategy, moment, port));
    }
  }
  section(`${count} forwards of a process that is killed`);
  tell(`the engine's own removal of ${count} networks at once`, removals, 'ms');
  const each = removals.reduce((sum, ms) => sum + ms, 0) / removals.length / count;
  for (const { strategy, moment, seen } of deaths) {
    section(`${count} × ${strategy}, killed ${moment}`);
    const left = seen.map((death) => death.left);
    tell('networks that were there', left, 'networks');
    const rules = seen.map(({ rulesMs }) => rulesMs);
    bound('until no rule is left that lets anything through', rules, { most: bounds.rulesMs }, 'ms');
    tell(
      'until all is gone',
      seen.map(({ allMs }) => allMs),
      'ms',
    );
    const ratios = seen.map((death) => death.allMs / (each * Math.max(1, death.left)));
    bound("all gone : the engine's own removal of as many", ratios, { most: bounds.gone });
    none(
      'what stayed, with no sweep',
      seen.flatMap(({ stayed }) => stayed),
    );
  }
});
