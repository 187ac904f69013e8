// Whether a forward costs the same beside many others: `node bench/growth.ts [--count 100] [--openings 200] [--rounds 3]
// [--processes 8] [--each 25] [--strategies nftables,iptables] [--parts traffic,openings,memory]`.
import { measureMemory } from './growth/memory.ts';
import { measureOpenings } from './growth/openings.ts';
import { measureTraffic } from './growth/traffic.ts';
import { readList, readNumbers, readStrategies } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { startProgram } from './support/program.ts';

const numbers = readNumbers({ count: 100, openings: 200, rounds: 3, processes: 8, each: 25 });
const strategies = readStrategies();
const parts = readList('parts', ['traffic', 'openings', 'memory']);

await runBench(import.meta.filename, async () => {
  await using service = startProgram('service.ts');
  const port = await service.ask<number>('listen 127.0.0.1');
  if (parts.includes('traffic')) await measureTraffic({ ...numbers, strategies, service, port });
  for (const strategy of strategies) {
    if (parts.includes('openings')) await measureOpenings(strategy, { count: numbers.openings, port });
    if (parts.includes('memory')) await measureMemory(strategy, { count: numbers.count, port });
  }
});
