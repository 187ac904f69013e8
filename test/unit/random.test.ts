import { expect, test, vi } from 'vitest';
import { openRandom } from '../support/random.ts';

const draw = (seed?: string): { numbers: number[]; said: string } => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const random = openRandom('a test', seed);
  const numbers = Array.from({ length: 1000 }, () => random.int(100, 900));
  const said = String(log.mock.calls[0]?.[0]);
  log.mockRestore();
  return { numbers, said };
};

test('what it prints brings the same numbers again', () => {
  const { numbers, said } = draw('');
  const seed = /^a test: LHF_TEST_SEED=(\d+)$/.exec(said)?.[1];
  expect(draw(seed).numbers).toEqual(numbers);
  expect(draw('1').numbers).not.toEqual(draw('2').numbers);
});

test('they are spread over all of their range', () => {
  const { numbers } = draw('1');
  expect(numbers.every((number) => number >= 100 && number < 900)).toBe(true);
  const quarters = [100, 300, 500, 700].map((least) => numbers.filter((n) => n >= least && n < least + 200).length);
  expect(Math.min(...quarters)).toBeGreaterThan(150);
});
