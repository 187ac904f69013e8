/**
 * Opens forwards of one strategy without proof: `node opener.ts <strategy> <host port>`. On standard input:
 * `open <count>` opens so many more, `close` closes all at once; each is answered with an {@link OpenerAnswer}.
 */
import { createInterface } from 'node:readline';
import { openLocalhostForward, type LocalhostForward, type Strategy } from '../../src/index.ts';
import { someAtOnce, times } from '../support/some-at-once.ts';

export interface OpenerAnswer {
  readonly networks: readonly string[];
  readonly failures: readonly string[];
  /** Heap and external memory after a collection, with `--expose-gc`, in bytes. */
  readonly memory: number;
}

const [strategy = 'nftables', port = '0'] = process.argv.slice(2);
const open = new Set<LocalhostForward>();
const failures: string[] = [];
const note = (error: unknown): void => void failures.push(String(error));

const openOne = async (): Promise<void> => {
  await openLocalhostForward(Number(port), { strategy: strategy as Strategy, verify: false }).then(
    (net) => open.add(net),
    note,
  );
};

const closeOne = async (net: LocalhostForward): Promise<void> => {
  await net.close().then(() => open.delete(net), note);
};

const memory = async (): Promise<number> => {
  // Finalizers run between two collections.
  for (let n = 0; n < 3; n += 1) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, count = '0'] = line.split(' ');
  if (verb === 'open') await someAtOnce(times(Number(count)), 4, openOne);
  else await Promise.all([...open].map(closeOne));
  const networks = [...open].map(({ networkName }) => networkName);
  const answer: OpenerAnswer = { networks, failures: failures.splice(0), memory: await memory() };
  console.log(JSON.stringify(answer));
}
await someAtOnce([...open], 4, closeOne);
