// Goes to a folder, removes it, starts a thread there (itself, or from a thread of its own), and tells what came of it, and where it is.
//   node test/unit/strategies/carrier/programs/folder-gone.ts [in-thread]
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmdirSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { isLocalhostForwardError } from '../../../../../src/errors.ts';
import { startThread } from '../../../../../src/strategies/carrier/start-thread.ts';

// Only when asked: what a thread says by itself may come before it is told to be running.
const answer = `require('node:worker_threads').parentPort.once('message', function () { this.postMessage('works') })`;

const attempt = async (): Promise<unknown> => {
  try {
    const worker = await startThread(answer);
    worker.postMessage('go');
    return ((await once(worker, 'message')) as [unknown])[0];
  } catch (error) {
    return isLocalhostForwardError(error) ? [error.code, error.message] : String(error);
  }
};

const leaveFolder = (): void => {
  const folder = mkdtempSync('/tmp/lhf-gone-');
  process.chdir(folder);
  rmdirSync(folder);
};

if (!isMainThread) {
  parentPort?.once('message', () => void attempt().then((outcome) => parentPort?.postMessage(outcome)));
  parentPort?.postMessage('ready');
} else {
  const thread = process.argv[2] === 'in-thread' ? new Worker(new URL(import.meta.url)) : undefined;
  if (thread !== undefined) await once(thread, 'message');
  leaveFolder();
  thread?.postMessage('go');
  const outcome = thread === undefined ? await attempt() : ((await once(thread, 'message')) as [unknown])[0];
  console.log(JSON.stringify({ outcome, folder: readlinkSync('/proc/self/cwd') }));
}
