import { expect, test } from 'vitest';
import { describeStorm, runStorm } from './storm/run-storm.ts';

test('40 processes killed at random moments leave nothing', { timeout: 300_000 }, async () => {
  const storm = await runStorm({ kills: 40, parallel: 4, patienceMs: 10_000, lookEveryMs: 200 });
  console.log(describeStorm(storm));
  expect(storm.difference).toBe('');
  expect(storm.deaths).toHaveLength(40);
  // Delays are the long storm's to judge. Here each has a bound that only a missing removal exceeds.
  expect(Math.max(...storm.deaths.map(({ closedAfter }) => closedAfter))).toBeLessThan(10_000);
  expect(storm.deaths.filter(({ goneAfter }) => goneAfter === undefined).length).toBeLessThanOrEqual(4);
});
