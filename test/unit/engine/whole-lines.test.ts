import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { wholeLines } from '../../../src/engine/whole-lines.ts';

const linesOf = async (chunks: readonly (string | Buffer)[]): Promise<string[]> => {
  const output = new PassThrough();
  const lines = wholeLines(output);
  for (const chunk of chunks) output.write(chunk);
  output.end();
  const read: string[] = [];
  for await (const line of lines) read.push(line);
  return read;
};

test('lines are whole, however they come', async () => {
  expect(await linesOf(['one\ntw', 'o\n', 'thr', 'e', 'e\nfour\n'])).toEqual(['one', 'two', 'three', 'four']);
  const umlaut = Buffer.from('ü\n');
  expect(await linesOf([umlaut.subarray(0, 1), umlaut.subarray(1)])).toEqual(['ü']);
});

test('what the end cut off is no line', async () => {
  expect(await linesOf(['{"id":1}\n{"id":2,"stdout":"half of'])).toEqual(['{"id":1}']);
  expect(await linesOf(['half'])).toEqual([]);
  expect(await linesOf([])).toEqual([]);
});
