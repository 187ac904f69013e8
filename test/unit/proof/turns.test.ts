import { expect, test } from 'vitest';
import { Turns } from '../../../src/proof/turns.ts';

test('one at a time by a name, in the order of asking, and other names beside', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const first = await turns.take('a');
  const work = async (name: string, what: string): Promise<void> => {
    const done = await turns.take(name);
    order.push(what);
    done();
  };
  const second = work('a', 'second');
  const third = work('a', 'third');
  await work('b', 'beside');
  expect(order).toEqual(['beside']);
  first();
  await Promise.all([second, third]);
  expect(order).toEqual(['beside', 'second', 'third']);
  await work('a', 'later');
});
