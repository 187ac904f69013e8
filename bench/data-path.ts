// How fast each path from a container to a service on 127.0.0.1 is, beside the service on the network's gateway itself, and beside what
// users have today: `node bench/data-path.ts [--rounds 11] [--megabytes 400] [--connections 2000] [--lanes 16] [--trips 3000]
// [--beside 100] [--paths gateway,nftables,…]`. All of them take turns in each round. It needs gcc, and `script/bootstrap bench`.
import { paths, type PathName } from './data-path/paths.ts';
import { readList, readNumbers } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { Ends, metrics, type Metric, type Way } from './support/ends.ts';
import { ratiosOf } from './support/figures.ts';
import { closeMany, openMany } from './support/forwards.ts';
import { bound, section, tell } from './support/report.ts';

const { rounds, megabytes, connections, lanes, trips, beside, port } = readNumbers({
  rounds: 11,
  megabytes: 400,
  connections: 2_000,
  lanes: 16,
  trips: 3_000,
  beside: 100,
  port: 18_977,
});
const names = readList('paths', Object.keys(paths)) as PathName[];

const amounts: Record<Metric, readonly number[]> = {
  push: [megabytes * 1_000_000],
  pull: [megabytes * 1_000_000],
  connect: [connections, lanes],
  rounds: [trips],
};
// Slow ones carry less, or a round would be theirs alone.
const shareOf = (name: PathName): number => (name.startsWith('testcontainers') ? 0.1 : 1);
const allMetrics = Object.keys(metrics) as Metric[];

type Seen = Record<Metric, Map<string, number[]>>;
const nothingSeen = (): Seen => ({ push: new Map(), pull: new Map(), connect: new Map(), rounds: new Map() });

/** What is compared with what, and the bound of each ratio. */
interface Claim {
  readonly ours: PathName;
  readonly theirs: PathName;
  readonly bounds: Partial<Record<Metric, { most: number } | { least: number }>>;
}
const kernel: Claim['bounds'] = {
  push: { least: 0.95 },
  pull: { least: 0.95 },
  connect: { least: 0.95 },
  rounds: { most: 1.06 },
};
const claims: readonly Claim[] = [
  { ours: 'nftables', theirs: 'gateway', bounds: kernel },
  { ours: 'iptables', theirs: 'gateway', bounds: kernel },
  // How much of that is the kernel's own, which any rule that translates would cost.
  { ours: 'recipe', theirs: 'gateway', bounds: {} },
  { ours: 'nftables', theirs: 'recipe', bounds: {} },
  {
    ours: 'nftables',
    theirs: 'testcontainers, no delay',
    bounds: { push: { least: 10 }, pull: { least: 10 }, connect: { least: 6 }, rounds: { most: 0.25 } },
  },
  // What nothing can beat: on some machines an ssh tunnel is not ten times as slow as the service on the gateway itself.
  { ours: 'gateway', theirs: 'testcontainers, no delay', bounds: {} },
  { ours: 'relay', theirs: 'pipe', bounds: { push: { least: 1.5 }, pull: { least: 1.5 }, connect: { least: 1.5 } } },
  { ours: 'sidecar', theirs: 'relay', bounds: { push: { least: 0.5 }, pull: { least: 0.5 }, connect: { least: 0.5 } } },
  { ours: 'relay', theirs: 'socat, 256 kB', bounds: {} },
];

await runBench(import.meta.filename, async () => {
  await using stack = new AsyncDisposableStack();
  const ends = stack.use(await Ends.build());
  await ends.serve('127.0.0.1', port);
  const ways = new Map<PathName, Way>();
  for (const name of names) ways.set(name, await paths[name]({ ends, port }, stack));

  const measure = async (some: readonly PathName[]): Promise<Seen> => {
    const seen = nothingSeen();
    for (let round = 0; round <= rounds; round += 1)
      for (const metric of allMetrics)
        for (const name of some) {
          const way = ways.get(name);
          if (way === undefined) continue;
          const [amount = 0, ...more] = amounts[metric];
          const value = await ends.measure(metric, way, Math.ceil(amount * shareOf(name)), ...more);
          // The first round warms all of them up.
          if (round > 0) seen[metric].set(name, [...(seen[metric].get(name) ?? []), value]);
        }
    return seen;
  };
  const report = (seen: Seen): void => {
    for (const metric of allMetrics)
      for (const [name, values] of seen[metric])
        tell(`${metrics[metric].title}, ${name}`, values, metrics[metric].unit);
    for (const { ours, theirs, bounds } of claims)
      for (const metric of allMetrics) {
        const [a, b] = [seen[metric].get(ours), seen[metric].get(theirs)];
        if (a === undefined || b === undefined) continue;
        const [name, limit] = [`${metrics[metric].title}, ${ours} : ${theirs}`, bounds[metric]];
        if (limit === undefined) tell(name, ratiosOf(a, b), 'x');
        else bound(name, ratiosOf(a, b), limit);
      }
  };

  section(`a container's connection to 127.0.0.1, ${rounds} rounds`);
  report(await measure(names));
  const kernelPaths = names.filter((name) => name === 'gateway' || name === 'nftables' || name === 'iptables');
  if (beside === 0 || kernelPaths.length === 0) return;
  const others = await openMany('nftables', port, beside);
  stack.defer(async () => void (await closeMany(others)));
  section(`the same beside ${beside} further forwards`);
  report(await measure(kernelPaths));
});
