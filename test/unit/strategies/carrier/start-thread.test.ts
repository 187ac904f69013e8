import { expect, test } from 'vitest';
import { projectRoot, spawnScript } from '../../../support/children.ts';

/* Node starts no thread in a process whose folder is gone; each of these is such a process. */

const goneIn = async (...args: string[]): Promise<object> => {
  const file = `${projectRoot}test/unit/strategies/carrier/programs/folder-gone.ts`;
  await using script = spawnScript({ file, args });
  return JSON.parse(await script.waitForLine(/^\{/)) as object;
};

const folder = expect.stringMatching(/^\/tmp\/lhf-gone-\w+ \(deleted\)$/) as string;

test('a thread starts all the same, and the process is where it was', async () => {
  expect(await goneIn()).toEqual({ outcome: 'works', folder });
});

test('from a thread, which may go nowhere, it says why it cannot', async () => {
  const message = expect.stringMatching(
    /^The folder that this process runs in is gone[^]*\nTry: process\.chdir\('\/'\)$/,
  ) as string;
  expect(await goneIn('in-thread')).toEqual({ outcome: ['LHF_ERR_SYSTEM', message], folder });
});
