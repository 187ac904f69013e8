import { expect, test } from 'vitest';
import { Inbox } from '../../../src/proof/inbox.ts';

const readAll = async <T>(inbox: Inbox<T>): Promise<T[]> => {
  const read: T[] = [];
  for await (const item of inbox) read.push(item);
  return read;
};

test('what arrived before and while it is read comes in order, and the rest before the end', async () => {
  const inbox = new Inbox<number>();
  inbox.push(1);
  inbox.push(2);
  const reading = readAll(inbox);
  await Promise.resolve();
  inbox.push(3);
  inbox.end();
  inbox.end();
  expect(await reading).toEqual([1, 2, 3]);
});

test('one that ended is empty', async () => {
  const inbox = new Inbox<number>();
  inbox.end();
  expect(await readAll(inbox)).toEqual([]);
});
