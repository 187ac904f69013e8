import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { untilBridgePasses } from '../../../src/host/bridge-ports.ts';

const never = new AbortController().signal;

const makeBridge = async (states: Readonly<Record<string, string>>) => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-unit-ports-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const set = async (port: string, state: string): Promise<void> => {
    await mkdir(join(folder, 'lhf-1/brif', port), { recursive: true });
    await writeFile(join(folder, 'lhf-1/brif', port, 'state'), `${state}\n`);
  };
  for (const [port, state] of Object.entries(states)) await set(port, state);
  const setBridge = (state: string): Promise<void> => writeFile(join(folder, 'lhf-1/operstate'), `${state}\n`);
  await setBridge('up');
  return { folder, set, setBridge };
};

test('a bridge is waited for until it and each of its ports passes packets', async () => {
  const { folder, set, setBridge } = await makeBridge({ veth1: '3', veth2: '0' });
  let passes = false;
  const waiting = untilBridgePasses('lhf-1', never, folder).then(() => expect(passes).toBe(true));
  await set('veth3', '0');
  await set('veth2', '3');
  await setBridge('down');
  await set('veth3', '3');
  passes = true;
  await setBridge('up');
  await waiting;
});

test('nothing is waited for where all pass, where there is no bridge to be seen, and by nobody who has given up', async () => {
  const { folder } = await makeBridge({ veth1: '3' });
  await untilBridgePasses('lhf-1', never, folder);
  await untilBridgePasses('lhf-2', never, folder);
  const { folder: down } = await makeBridge({ veth1: '0' });
  const abort = new AbortController();
  const waiting = untilBridgePasses('lhf-1', abort.signal, down);
  abort.abort();
  await waiting;
});
