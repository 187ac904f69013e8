import { describe, expect, test } from 'vitest';
import {
  isOwnProc,
  parseBoottimeOffset,
  parseStat,
  readOwnStartTime,
  readProcess,
} from '../../../src/ownership/start-time.ts';

const rest = '1 1 1 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 7 0';

describe('stat', () => {
  test.each([
    [`42 (node) S ${rest} 49649 0 0`, 0, { isZombie: false, startTime: 49649 }],
    [`42 (a) Z 1 (b)) R ${rest} 49649 0 0`, 0, { isZombie: false, startTime: 49649 }],
    [`42 (node) Z ${rest} 49649 0 0`, 0, { isZombie: true, startTime: 49649 }],
    [`42 (node) X ${rest} 49649 0 0`, 0, { isZombie: true, startTime: 49649 }],
    [`42 (node) S ${rest} 10049649 0 0`, 10_000_000, { isZombie: false, startTime: 49649 }],
    [`42 (node) S ${rest} 9649 0 0`, -40_000, { isZombie: false, startTime: 49649 }],
    [`42 (node) S ${rest} 49649 0 0`, undefined, { isZombie: false, startTime: undefined }],
    ['42 (node) S 1 1', 0, undefined],
    ['', 0, undefined],
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
  ['nonboottime 100 0', undefined],
  ['boottime 100 0 0', undefined],
  ['monotonic           0         0', undefined],
])('the offset of %j', (text, offset) => {
  expect(parseBoottimeOffset(text)).toBe(offset);
});

// Start times are read from /proc.
test.runIf(process.platform === 'linux')('this process is found in its own /proc, under its own pid', () => {
  expect(isOwnProc()).toBe(true);
  expect(readProcess(process.pid)).toEqual({ isZombie: false, startTime: readOwnStartTime() });
  expect(readOwnStartTime()).toBeGreaterThan(0);
  expect(readProcess(4_194_305)).toBeUndefined();
});
