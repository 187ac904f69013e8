import { expect, test } from 'vitest';
import { renderTrace } from '../../../src/smoke/trace.ts';

interface Event {
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly tid: number;
  readonly args: { readonly what: string };
}

const eventsOf = (spans: Parameters<typeof renderTrace>[0]): readonly Event[] =>
  (JSON.parse(renderTrace(spans, 100)) as { traceEvents: readonly Event[] }).traceEvents;

test('spans stand in one lane where they follow or enclose each other, and below each other where they overlap', () => {
  const events = eventsOf([
    { what: 'inner', startedAt: 102, ms: 3 },
    { what: 'outer', startedAt: 101, ms: 10 },
    { what: 'beside', startedAt: 105, ms: 20 },
    { what: 'after', startedAt: 111, ms: 1 },
  ]);
  expect(events.map(({ name, ts, dur, tid }) => [name, ts, dur, tid])).toEqual([
    ['outer', 1_000, 10_000, 1],
    ['inner', 2_000, 3_000, 1],
    ['beside', 5_000, 20_000, 2],
    ['after', 11_000, 1_000, 1],
  ]);
});

test('a long command is named in short, and told whole beside it', () => {
  const what = `nft ${'add element '.repeat(50)}`;
  const [event] = eventsOf([{ what, startedAt: 100, ms: 1 }]);
  expect(event?.name).toHaveLength(61);
  expect(event?.args.what).toBe(what);
});
