import { expect, it } from 'vitest';
import { Progress } from '../../../src/host/progress.ts';

const ms = 60_000;
const ago = (by: number): number => performance.now() - by;

it('looks at half the time, and tells at its end whether anything moved', () => {
  const listings = ['docker0', 'docker0 br-a', 'docker0 br-a'];
  const progress = new Progress(() => listings.shift() ?? '');
  expect(Math.ceil(progress.nextLook(ms, ago(0)) / 1000)).toBe(30);
  expect(listings).toHaveLength(3);
  expect(Math.ceil(progress.nextLook(ms, ago(30_001)) / 1000)).toBe(30);
  expect(Math.ceil(progress.nextLook(ms, ago(60_001)) / 1000)).toBe(60);
  const still = new Progress(() => 'docker0');
  still.nextLook(ms, ago(30_001));
  expect(still.nextLook(ms, ago(60_001))).toBe(0);
});

it('does not take others’ networks for progress forever: an engine of theirs may be another one', () => {
  let count = 0;
  const progress = new Progress(() => String(count++));
  progress.nextLook(ms, ago(10 * ms - 100));
  expect(progress.nextLook(ms, ago(10 * ms - 50))).toBeGreaterThan(0);
  const late = new Progress(() => String(count++));
  late.nextLook(ms, ago(10 * ms + 1));
  expect(late.nextLook(ms, ago(10 * ms + 1))).toBe(0);
});
