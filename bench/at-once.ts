// Opening and closing many at once: `node bench/at-once.ts [--count 200] [--rounds 3] [--verified 40] [--busy]
// [--strategies nftables,iptables]`. With `--busy`, two processes keep cores busy beside it.
import { openLocalhostForward, type LocalhostForward, type Strategy } from '../src/index.ts';
import { readFlag, readNumbers, readStrategies } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { createBare } from './support/engine.ts';
import { ratiosOf, timed } from './support/figures.ts';
import { startProgram } from './support/program.ts';
import { bound, none, section, tell } from './support/report.ts';
import { times } from './support/some-at-once.ts';

const { count, rounds, verified } = readNumbers({ count: 200, rounds: 3, verified: 40 });
const isBusy = readFlag('busy');

const settle = async <T>(work: readonly Promise<T>[]): Promise<{ done: T[]; failures: unknown[] }> => {
  const results = await Promise.allSettled(work);
  return {
    done: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failures: results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : [])),
  };
};

interface Figures {
  readonly open: number[];
  readonly close: number[];
  readonly failures: unknown[];
}
const noFigures = (): Figures => ({ open: [], close: [], failures: [] });

const takeBare = async (number: number, { open, close }: Figures): Promise<void> => {
  const [created, networks] = await timed(() => Promise.all(times(number).map(createBare)));
  const [removed] = await timed(() => Promise.all(networks.map((network) => network.remove())));
  open.push(created);
  close.push(removed);
};

const takeOurs = async (
  number: number,
  { open, close, failures }: Figures,
  openOne: () => Promise<LocalhostForward>,
): Promise<void> => {
  const [opened, nets] = await timed(() => settle(times(number).map(openOne)));
  const [closed, ends] = await timed(() => settle(nets.done.map((net) => net.close())));
  open.push(opened);
  // Of as many as were asked for: what could not be opened is not to look quick.
  close.push((closed * number) / nets.done.length);
  failures.push(...nets.failures, ...ends.failures);
  // A close that failed can be tried again; the next round is not to find what it left.
  if (ends.failures.length > 0) for (const net of nets.done) await net.close().catch(() => undefined);
};

await runBench(import.meta.filename, async () => {
  const spinning = isBusy ? [startProgram('spin.ts'), startProgram('spin.ts')] : [];
  await using service = startProgram('service.ts');
  const port = await service.ask<number>('listen 127.0.0.1');
  const strategies = readStrategies();
  const bare = noFigures();
  const ours = new Map<Strategy, Figures>(strategies.map((strategy) => [strategy, noFigures()]));
  for (let round = 0; round < rounds; round += 1) {
    await takeBare(count, bare);
    for (const [strategy, figures] of ours)
      await takeOurs(count, figures, () => openLocalhostForward(port, { strategy, verify: false }));
  }
  section(`${count} at once${isBusy ? ', beside two busy processes' : ''}; the engine alone`);
  tell('create', bare.open, 'ms');
  tell('remove', bare.close, 'ms');
  for (const [strategy, { open, close, failures }] of ours) {
    section(`${count} at once, ${strategy}, without a proof`);
    none('failures', failures);
    tell('open', open, 'ms');
    tell('close', close, 'ms');
    tell('open : create', ratiosOf(open, bare.open), 'x');
    bound('close : remove', ratiosOf(close, bare.close), { most: 1.15 });
  }

  const few = noFigures();
  await takeBare(verified, few);
  for (const strategy of strategies) {
    const proven = noFigures();
    await takeOurs(verified, proven, () => openLocalhostForward(port, { strategy }));
    section(`${strategy}, ${verified} at once, each proven from a container`);
    none('failures', proven.failures);
    tell('create, the engine alone', few.open, 'ms');
    tell('open', proven.open, 'ms');
    tell('remove, the engine alone', few.close, 'ms');
    tell('close', proven.close, 'ms');
  }
  for (const program of spinning) program.kill('SIGTERM');
});
