// How near slow() comes to what was asked for: node bench/faults.ts [--trips 40] [--seconds 5] [--strategies nftables,relay]
import { createServer, type AddressInfo, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { isLocalhostForwardError, openLocalhostForward, type SlowOptions } from '../src/index.ts';
import { readList, readNumbers } from './support/arguments.ts';
import { runBench } from './support/bench.ts';
import { startCaller } from './support/caller.ts';
import { bound, section, tell } from './support/report.ts';
import type { Strategy } from '../src/index.ts';

const { trips, seconds } = readNumbers({ trips: 40, seconds: 5 });
const latencies = [20, 100];
const rates = [100_000, 1_000_000];

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const within = (name: string, ratio: number): void => {
  bound(`${name}: no less`, [ratio], { least: 0.9 });
  bound(`${name}: no more`, [ratio], { most: 1.1 });
};

await runBench(fileURLToPath(import.meta.url), async () => {
  const echo = createServer({ noDelay: true }, (socket) => void socket.on('error', () => undefined).pipe(socket));
  const block = Buffer.alloc(65_536);
  const source = createServer((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on('error', () => undefined).on('drain', more);
    more();
  });
  const ports = [
    { hostPort: await listen(echo), containerPort: 80 },
    { hostPort: await listen(source), containerPort: 81 },
  ];
  for (const strategy of readList('strategies', ['nftables', 'iptables', 'relay', 'sidecar']) as Strategy[]) {
    section(`slowed ports, ${strategy}: of what was asked for`);
    await using net = await openLocalhostForward(ports, { strategy, verify: false });
    const caller = await startCaller(net.networkName);
    const slowed = async (port: number, options: SlowOptions, measure: () => Promise<void>): Promise<void> => {
      try {
        await net.slow(port, options);
      } catch (error) {
        if (!isLocalhostForwardError(error) || error.code !== 'LHF_ERR_UNSUPPORTED') throw error;
        console.log(`  ${JSON.stringify(options)}: ${error.message.split('\n')[0]}`);
        return;
      }
      await measure();
      await net.restore(port);
    };
    try {
      const plain = (await caller.roundTrips(net.gateway, 80, trips)) / 1_000;
      for (const latencyMs of latencies)
        await slowed(80, { latencyMs }, async () => {
          const late = (await caller.roundTrips(net.gateway, 80, trips)) / 1_000;
          within(`a latency of ${latencyMs} ms, at the median`, (late - plain) / latencyMs);
        });
      for (const bytesPerSecond of rates)
        await slowed(81, { bytesPerSecond }, async () => {
          const rate = await caller.download(net.gateway, 81, seconds);
          within(`${bytesPerSecond / 1_000} kB/s over ${seconds} s`, rate / bytesPerSecond);
        });
      tell(
        'a round trip once it is restored',
        [(await caller.roundTrips(net.gateway, 80, trips)) / plain / 1_000],
        'x',
      );
    } finally {
      await caller.remove();
    }
  }
  echo.close();
  source.close();
});
