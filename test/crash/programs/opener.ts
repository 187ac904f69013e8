// Opens a forward, says `open <bridge> <gateway>`, and goes on as it is told.
//   node test/crash/programs/opener.ts <strategy> <act> [port]
import { createInterface } from 'node:readline';
import {
  openLocalhostForward,
  sweep,
  type LocalhostForward,
  type LocalhostForwardError,
  type Strategy,
} from 'localhost-forward';

/** What it does once the forward is open. */
export type Act = keyof typeof acts;

const live = (): void => void setInterval(() => undefined, 60_000);

const orders: Readonly<Record<string, (net: LocalhostForward, of: string) => unknown>> = {
  close: async (net) => {
    const error = await net.close().catch((thrown: LocalhostForwardError) => thrown);
    console.log(
      error === undefined ? 'closed' : `said ${JSON.stringify({ code: error.code, message: error.message })}`,
    );
  },
  verify: (net) =>
    net.verify().then(
      () => console.log('verified'),
      (error: Error) => console.log('broken', error.message),
    ),
  change: async (net) => {
    await net.unforward(8088);
    await net.forward(8089);
    console.log('changed', JSON.stringify(await net.hits(8089)));
  },
  add: async (net) => {
    await net.forward({ hostPort: 8088, containerPort: 81 });
    console.log('added');
  },
  addDatagrams: async (net) => {
    await net.forward({ hostPort: 8088, containerPort: 53, protocol: 'udp' });
    console.log('added');
  },
  drop: async (net) => {
    for (const { containerPort } of net.ports) await net.unforward(containerPort);
    console.log('dropped');
  },
  /** One more in this process, which ends with it. */
  another: async (_net, strategy) => {
    const net = await openLocalhostForward(8088, { strategy: strategy as Strategy, verify: false });
    console.log('another', net.bridgeName);
  },
  /** Cut, slowed, and at the localhost of a container. */
  fault: async (net, container) => {
    await net.slow(8088, { bytesPerSecond: 10_000 });
    await net.cut(8088, { mode: 'drop' });
    await net.joinLocalhost(container);
    console.log('faulty');
  },
  exit: () => process.exit(0),
};

const acts = {
  /** Ends with its program. */
  end: () => undefined,
  /** Lives until it is killed. */
  live,
  /** Lives, and takes orders by lines on standard input. */
  obey: (net: LocalhostForward) => {
    createInterface({ input: process.stdin }).on('line', (line) => {
      const [order = '', of = ''] = line.split(' ');
      void orders[order]?.(net, of);
    });
    live();
  },
  close: (net: LocalhostForward) => net.close(),
  closeAndSweep: async (net: LocalhostForward) => {
    await net.close();
    const { spared } = await sweep();
    for (const { bridge, owner, reason } of spared) console.log('spared', bridge, owner, reason);
  },
  /** Has begun to close when it ends. */
  endWhileClosing: async (net: LocalhostForward) => {
    process.exitCode = 9;
    void net.close();
    await new Promise((resolve) => setImmediate(resolve));
  },
  exit: () => process.exit(7),
  throw: () => {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
    live();
  },
  reject: () => {
    void Promise.reject(new Error('nobody awaits this'));
    live();
  },
  handle: () => {
    process.on('SIGINT', () => process.exit(5));
    process.kill(process.pid, 'SIGINT');
    live();
  },
};

process.on('warning', (warning: Error & { code?: string }) => console.log('warning', warning.code, warning.message));
const [strategy, act = 'end', port = '8088'] = process.argv.slice(2);
const net = await openLocalhostForward(Number(port), { strategy: strategy as Strategy, verify: false });
console.log('open', net.bridgeName, net.gateway);
await acts[act as Act](net);
