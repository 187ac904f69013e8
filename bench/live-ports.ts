// What a port more costs on a forward that has few, and on one that has thousands, and whether each is reached:
// `node bench/live-ports.ts [--count 5000] [--count-of-iptables 500] [--strategies nftables,iptables,relay]`.
import { openLocalhostForward, type Strategy } from '../src/index.ts';
import { readList, readNumbers } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { startCaller } from './support/caller.ts';
import { ratiosOf, timed } from './support/figures.ts';
import { startProgram } from './support/program.ts';
import { bound, none, section, tell } from './support/report.ts';

/** Of so many ports the first and the last are compared. */
const compared = 50;
const firstPort = 20_000;

const numbers = readNumbers({ count: 5_000, 'count-of-iptables': 500 });
const strategies = readList('strategies', ['nftables', 'iptables', 'relay']) as Strategy[];

await runBench(import.meta.filename, async () => {
  await using service = startProgram('service.ts');
  const hostPort = await service.ask<number>('listen 127.0.0.1');
  for (const strategy of strategies) {
    // iptables knows rules and no elements: it reads and compares those of a chain, so that it is told for fewer, and without a bound.
    const isFlat = strategy !== 'iptables';
    const count = isFlat ? numbers.count : numbers['count-of-iptables'];
    const ports = Array.from({ length: count }, (_, n) => firstPort + n);
    section(`${count} live ports of ${strategy}, one after the other`);
    await using net = await openLocalhostForward([], { strategy, verify: false });
    const added: number[] = [];
    for (const containerPort of ports)
      // One after the other: a port that waits for another would be told as slow.
      // oxlint-disable-next-line no-await-in-loop
      added.push((await timed(() => net.forward({ hostPort, containerPort })))[0]);
    const caller = await startCaller(net.networkName);
    const answered = await caller.ports(net.gateway, firstPort, count);
    await caller.remove();
    none('ports that a container does not reach', Array(count - answered).fill('not reached'));
    const removed: number[] = [];
    // oxlint-disable-next-line no-await-in-loop
    for (const port of ports.toReversed()) removed.push((await timed(() => net.unforward(port)))[0]);
    for (const [what, values] of [
      ['added', added],
      ['taken back', removed.toReversed()],
    ] as const) {
      const [few, many] = [values.slice(0, compared), values.slice(-compared)];
      tell(`${what}, with few`, few, 'ms');
      tell(`${what}, with ${count}`, many, 'ms');
      const ratios = ratiosOf(many, few);
      const name = `${what}, with ${count}, to the same with few`;
      if (isFlat) bound(name, ratios, { most: 1.5 });
      else tell(name, ratios, 'x');
    }
  }
});
