// What a port more costs on a forward that has few, and on one that has many: `node bench/live-ports.ts [--count 300]
// [--strategies nftables,iptables,relay]`.
import { openLocalhostForward, type Strategy } from '../src/index.ts';
import { readList, readNumbers } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { timed } from './support/figures.ts';
import { section, tell } from './support/report.ts';

/** Of so many ports the first and the last are told. */
const compared = 50;
const firstPort = 20_000;

const { count } = readNumbers({ count: 300 });
const strategies = readList('strategies', ['nftables', 'iptables', 'relay']) as Strategy[];
const ports = Array.from({ length: count }, (_, n) => firstPort + n);

await runBench(import.meta.filename, async () => {
  for (const strategy of strategies) {
    section(`${count} live ports of ${strategy}, one after the other`);
    await using net = await openLocalhostForward([], { strategy, verify: false });
    const added: number[] = [];
    // One after the other: a port that waits for another would be told as slow.
    // oxlint-disable-next-line no-await-in-loop
    for (const port of ports) added.push((await timed(() => net.forward(port)))[0]);
    const removed: number[] = [];
    // oxlint-disable-next-line no-await-in-loop
    for (const port of ports.toReversed()) removed.push((await timed(() => net.unforward(port)))[0]);
    for (const [what, values] of [
      ['added', added],
      ['taken back', removed.toReversed()],
    ] as const) {
      tell(`${what}, with few`, values.slice(0, compared), 'ms');
      tell(`${what}, with ${count}`, values.slice(-compared), 'ms');
    }
  }
});
