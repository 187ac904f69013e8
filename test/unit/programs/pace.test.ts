import { expect, test } from 'vitest';
import { Line, Pace } from '../../../src/programs/pace.cjs';
import { until } from '../../support/until.ts';

test('a rate is shared: what comes later is through later', () => {
  const pace = new Pace({ latencyMs: 0, jitterMs: 0, bytesPerSecond: 1_000 });
  const first = pace.due(500);
  expect(pace.due(500) - first).toBeCloseTo(500);
});

test('a latency is added to each, and jitter is no more than was asked for', () => {
  const pace = new Pace({ latencyMs: 10_000, jitterMs: 1_000, bytesPerSecond: undefined });
  for (let n = 0; n < 100; n += 1) {
    const before = performance.now();
    const late = pace.due(1) - before;
    expect(late).toBeGreaterThanOrEqual(9_000);
    expect(late).toBeLessThan(11_000 + performance.now() - before + 1);
  }
});

test('a datagram for which there is no room is lost', () => {
  const pace = new Pace({ latencyMs: 0, jitterMs: 0, bytesPerSecond: 1_000 });
  expect(pace.dueWithin(5_000)).toBeGreaterThan(0);
  expect(pace.dueWithin(1)).toBeUndefined();
});

test('a line keeps its order, its end included, whatever the jitter, and hurries', async () => {
  const out: string[] = [];
  const line = new Line((bytes) => void out.push(bytes === undefined ? 'end' : Buffer.from(bytes).toString()));
  const pace = new Pace({ latencyMs: 20, jitterMs: 20, bytesPerSecond: undefined });
  const said = Array.from({ length: 20 }, (_, n) => `${n} `);
  for (const text of said) line.push(Buffer.from(text), pace);
  line.push(undefined, pace);
  await until(() => line.isEmpty);
  expect(out).toEqual([...said, 'end']);
  const slow = new Pace({ latencyMs: 60_000, jitterMs: 0, bytesPerSecond: undefined });
  line.push(Buffer.from('late'), slow);
  expect(line.isEmpty).toBe(false);
  line.hold(true);
  line.hurry();
  expect(out).not.toContain('late');
  line.hold(false);
  expect(out.at(-1)).toBe('late');
});

test('pieces are as large as the rate makes them, and room as much as may wait', () => {
  const out: number[] = [];
  const line = new Line((bytes) => void out.push(bytes?.length ?? 0));
  const pace = new Pace({ latencyMs: 0, jitterMs: 0, bytesPerSecond: 100_000 });
  line.push(Buffer.alloc(50_000), pace);
  expect(line.isFull(pace)).toBe(true);
  line.hurry();
  expect(out).toEqual(Array.from({ length: 25 }, () => 2_000));
  expect(line.isFull(pace)).toBe(false);
});
