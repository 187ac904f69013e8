import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { LocalhostForwardError } from '../../errors.ts';

/**
 * Starts the thread that carries the bytes, from its program's text.
 *
 * @throws LHF_ERR_SYSTEM in a thread of a process whose folder is gone: Node starts no other one there.
 */
export const startThread = async (text: string): Promise<Worker> => {
  if (!isFolderGone()) return start(text);
  const goBack = leaveFolder();
  try {
    const worker = start(text);
    // An end before that is an answer, too, and must not look like a thread that runs.
    const [code] = (await Promise.race([once(worker, 'online'), once(worker, 'exit')])) as [number?];
    if (code !== undefined) throw new Error(`the thread that is to carry the bytes ended with ${code} when it began`);
    return worker;
  } finally {
    goBack();
  }
};

// Nothing of the user's loaders and options: it needs only Node.
const start = (text: string): Worker =>
  new Worker(text, { eval: true, name: 'localhost-forward relay', env: {}, execArgv: [], argv: [] });

const isFolderGone = (): boolean => {
  try {
    process.cwd();
    return false;
  } catch {
    return true;
  }
};

/** Where a process may stay for a moment: nothing can be made there, whatever its other parts do by relative paths. */
const meanwhile = '/proc';

/** Node asks for the process's folder when it starts a thread. One that is gone can be left and, by the kernel's own link, come back to. */
const leaveFolder = (): (() => void) => {
  let folder: number | undefined;
  try {
    folder = openSync('.', 'r');
    process.chdir(meanwhile);
  } catch (cause) {
    if (folder !== undefined) closeSync(folder);
    throw new LocalhostForwardError(
      'LHF_ERR_SYSTEM',
      {
        what: 'The folder that this process runs in is gone, and Node starts no thread there, which would carry the bytes',
        try: "process.chdir('/')",
      },
      { cause },
    );
  }
  return () => {
    try {
      // Its user may have gone somewhere meanwhile.
      if (process.cwd() === meanwhile) process.chdir(`/proc/self/fd/${folder}`);
    } finally {
      closeSync(folder);
    }
  };
};
