import { expect, test } from 'vitest';
import { readProc, readProcLink } from '../../../src/ownership/proc.ts';

test('a small file of the kernel’s is read, one that is empty or absent is nothing', () => {
  expect(readProc('/proc/self/comm')).toMatch(/^\S+$/);
  expect(readProc('/dev/null')).toBeUndefined();
  expect(readProc('/proc/self/absent')).toBeUndefined();
});

test('a link is followed by one step, and none is nothing', () => {
  expect(readProcLink('/proc/self')).toBe(String(process.pid));
  expect(readProcLink('/proc/self/absent')).toBeUndefined();
});
