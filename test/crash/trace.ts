import { readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { renderDifference, takeSnapshot, type Snapshot } from '../support/host-snapshot.ts';
import { execHere } from '../support/run.ts';
import { until } from '../support/until.ts';
import { look } from './storm/witness.ts';

/** All that one process has on this host now, rules first. */
export const tracesOf = async (pid: number | undefined): Promise<string[]> => {
  const { open, rest } = (await look(new Docker()))(pid ?? 0);
  return [...open, ...rest];
};

/** Waits until nothing of a process is left, without anybody sweeping. The bound is for a machine under load. */
export const untilNothingOf = async (pid: number | undefined): Promise<void> => {
  let traces: string[] = [];
  await until(async () => (traces = await tracesOf(pid)).length === 0, { timeoutMs: 10_000, everyMs: 150 }).catch(
    (error: unknown) => {
      throw new Error(`left by process ${pid}: ${traces.join(', ')}`, { cause: error });
    },
  );
};

/** The host's rules and the engine's objects: a test's own process keeps its holder until it ends. */
export const takeState = (): Promise<Snapshot> => takeSnapshot(execHere, { processMarker: 'no-such-program' });

/** Waits until all is as it was; the error shows the difference. */
export const untilSame = async (before: Snapshot): Promise<void> => {
  let difference = '';
  await until(async () => (difference = renderDifference(before, await takeState())) === '', {
    timeoutMs: 10_000,
    everyMs: 100,
  }).catch((error: unknown) => {
    throw new Error(`the host is not as before:\n${difference}`, { cause: error });
  });
};

/** A program that opens a forward as `net`, says `open <bridge>`, and goes on with `body`. */
export const openingScript = (strategy: string, body: string, options = ''): string => `
import { openLocalhostForward, isLocalhostForwardError } from './src/index.ts';
process.on('warning', (warning) => console.log('warning', warning.code, warning.message));
const net = await openLocalhostForward(8088, { strategy: '${strategy}', verify: false, ${options} });
console.log('open', net.bridgeName);
${body}
`;

/** Keeps a program alive until it is killed. */
export const forEver = 'setInterval(() => undefined, 60_000);';

/** The processes that hold a living process's rules: its shell, then what the shell runs. */
export const readHolders = async (pid: number | undefined): Promise<number[]> => {
  const shells = await childrenOf(pid);
  const held = await Promise.all(shells.map(childrenOf));
  return [...shells, ...held.flat()];
};

const childrenOf = async (pid: number | undefined): Promise<number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
};
