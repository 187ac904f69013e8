import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { watch } from '../../../src/command/watch.ts';

const groupOf = (stat: string): string | undefined => stat.split(') ')[1]?.split(' ')[2];

// At Ctrl+C its shell would end, and what it watches go on, for a shell has that ignore the signal.
test('a terminal signals no part of a watch', async () => {
  const told = Promise.withResolvers<string>();
  const { stop } = await watch(['sh', '-c', 'cat /proc/self/stat; exec cat'], {}, told.resolve);
  const own = groupOf(await readFile('/proc/self/stat', 'utf8'));
  const group = groupOf(await told.promise);
  await stop();
  expect(group).toMatch(/^\d+$/);
  expect(group).not.toBe(own);
});
