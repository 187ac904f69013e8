import { afterEach, expect, it, vi } from 'vitest';
import { debug } from '../../../src/command/debug.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const printed = (list: string | undefined, ...args: Parameters<typeof debug>): string => {
  vi.stubEnv('DEBUG', list);
  let text = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  debug(...args);
  return text;
};

it.each([
  ['localhost-forward', true],
  ['localhost-forward*', true],
  ['*', true],
  ['local*ward', true],
  ['express:*,localhost-forward', true],
  ['express:* localhost-forward*', true],
  ['*,-express', true],
  [undefined, false],
  ['', false],
  ['express:*', false],
  ['localhost', false],
  ['localhost-forward:*', false],
  ['localhost.forward', false],
  ['*,-localhost-forward*', false],
  ['-localhost-forward,*', false],
])('DEBUG=%s prints: %s', (list, wanted) => {
  expect(printed(list, 'a line')).toBe(wanted ? 'localhost-forward a line\n' : '');
});

it('tells the time taken, on one line', () => {
  expect(printed('*', 'nft -V: exit 0\n', performance.now() - 5)).toMatch(
    /^localhost-forward nft -V: exit 0 \(\d+\.\d ms\)\n$/,
  );
});
