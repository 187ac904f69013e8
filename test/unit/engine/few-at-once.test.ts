import { expect, test } from 'vitest';
import { FewAtOnce } from '../../../src/engine/few-at-once.ts';

test('a few work at a time, first come, first served, and one that fails makes room as well', async () => {
  const few = new FewAtOnce(2);
  const begun: number[] = [];
  const works = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
  const runs = works.map(({ promise }, nth) =>
    few.run(() => {
      begun.push(nth);
      return promise;
    }),
  );
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(begun).toEqual([0, 1]);
  works[1]?.reject(new Error('refused'));
  await expect(runs[1]).rejects.toThrow('refused');
  await turn();
  expect(begun).toEqual([0, 1, 2]);
  works[0]?.resolve(0);
  works[2]?.resolve(2);
  await turn();
  expect(begun).toEqual([0, 1, 2, 3]);
  works[3]?.resolve(3);
  expect(await Promise.all([runs[0], runs[2], runs[3]])).toEqual([0, 2, 3]);
});
