import { describe, expect, test } from 'vitest';
import { parseBoottimeOffset, parseStat } from '../../../src/ownership/start-time.ts';

const rest = '1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 7 0';

describe('stat', () => {
  test.each([
    [`42 (node) S ${rest} 49649 0 0`, 0, { isZombie: false, startTime: 49649 }],
    [`42 (a) Z 1 (b)) R ${rest} 49649 0 0`, 0, { isZombie: false, startTime: 49649 }],
    [`42 (node) Z ${rest} 49649 0 0`, 0, { isZombie: true, startTime: 49649 }],
    [`42 (node) S ${rest} 10049649 0 0`, 10_000_000, { isZombie: false, startTime: 49649 }],
    [`42 (node) S ${rest} 9649 0 0`, -40_000, { isZombie: false, startTime: 49649 }],
    [`42 (node) S ${rest} 49649 0 0`, undefined, { isZombie: false, startTime: undefined }],
    ['42 (node) S 1 1', 0, undefined],
    [undefined, 0, undefined],
  ])('%j, offset %j', (text, offset, reading) => {
    expect(parseStat(text, offset)).toEqual(reading);
  });
});

test.each([
  ['monotonic           0         0\nboottime            0         0', 0],
  ['monotonic         200         0\nboottime       100000         0', 10_000_000],
  ['monotonic           0         0\nboottime           -1 990000000', -1],
  ['monotonic           0         0\nboottime            1  15000000', 101],
  ['1 0 0\n7 100 0', 10_000],
  ['', undefined],
  ['monotonic           0         0', undefined],
])('the offset of %j', (text, offset) => {
  expect(parseBoottimeOffset(text)).toBe(offset);
});
