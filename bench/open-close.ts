// What a forward costs over the network that it needs anyway: `node bench/open-close.ts [rounds]`.
// The engine's own create and remove and ours take turns in one run; medians and their ratios are the figures.
import Docker from 'dockerode';
import { openLocalhostForward, type Strategy } from '../src/index.ts';

const rounds = Number(process.argv[2] ?? 25);
const bound = 1.25;
const docker = new Docker();

const timed = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
  const startedAt = performance.now();
  const result = await work();
  return [performance.now() - startedAt, result];
};

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;

const bare = { open: [] as number[], close: [] as number[] };
const ours = {
  nftables: { open: [] as number[], close: [] as number[] },
  iptables: { open: [] as number[], close: [] as number[] },
};

for (let round = -2; round < rounds; round += 1) {
  // The first rounds load and warm what every later one has.
  const keep = (list: number[], ms: number): void => void (round >= 0 && list.push(ms));
  const name = `lhf-bench-${process.pid}`;
  const subnet = `198.18.${(round + 2) % 256}.0/28`;
  const [created, network] = await timed(() =>
    docker.createNetwork({ Name: name, Driver: 'bridge', IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] } }),
  );
  keep(bare.open, created);
  keep(bare.close, (await timed(() => network.remove()))[0]);
  for (const strategy of ['nftables', 'iptables'] as const satisfies readonly Strategy[]) {
    const [opened, net] = await timed(() => openLocalhostForward(8088, { strategy, verify: false }));
    keep(ours[strategy].open, opened);
    keep(ours[strategy].close, (await timed(() => net.close()))[0]);
  }
}

console.log(
  `${rounds} rounds, medians in ms; the engine alone: create ${median(bare.open).toFixed(0)}, remove ${median(bare.close).toFixed(0)}`,
);
for (const [strategy, { open, close }] of Object.entries(ours)) {
  const ratios = [median(open) / median(bare.open), median(close) / median(bare.close)] as const;
  console.log(
    `${strategy}: open ${median(open).toFixed(0)} (${ratios[0].toFixed(2)} x create), close ${median(close).toFixed(0)} (${ratios[1].toFixed(2)} x remove), bound ${bound}`,
  );
  if (ratios.some((ratio) => ratio > bound)) process.exitCode = 1;
}
