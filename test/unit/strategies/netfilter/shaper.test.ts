import { expect, test } from 'vitest';
import { renderClass } from '../../../../src/strategies/netfilter/shaper.ts';

// This machine's kernel need not have netem: what it would be told is shown here.
test('a latency is a queue of its own, with jitter, that no rate holds back', () => {
  expect(renderClass('lhf-abcde123', '1:a', { latencyMs: 200, jitterMs: 50, bytesPerSecond: undefined })).toEqual([
    'tc class replace dev lhf-abcde123 parent 1: classid 1:a htb rate 4000000000bps quantum 60000'.split(' '),
    'tc qdisc replace dev lhf-abcde123 parent 1:a netem limit 1000000 delay 200ms 50ms'.split(' '),
  ]);
});

test('a bandwidth is that of what is carried, and not of headers', () => {
  expect(renderClass('lhf-abcde123', '1:2', { latencyMs: 0, jitterMs: 0, bytesPerSecond: 144_800 })).toEqual([
    'tc class replace dev lhf-abcde123 parent 1: classid 1:2 htb rate 4000000000bps quantum 60000'.split(' '),
    'tc qdisc replace dev lhf-abcde123 parent 1:2 tbf rate 151400bps burst 3200 limit 1000000'.split(' '),
  ]);
});

test('both are a class of that rate with a queue for the latency', () => {
  expect(renderClass('lhf-abcde123', '1:2', { latencyMs: 5, jitterMs: 0, bytesPerSecond: 144_800 })).toEqual([
    'tc class replace dev lhf-abcde123 parent 1: classid 1:2 htb rate 151400bps quantum 60000'.split(' '),
    'tc qdisc replace dev lhf-abcde123 parent 1:2 netem limit 1000000 delay 5ms 0ms'.split(' '),
  ]);
});
