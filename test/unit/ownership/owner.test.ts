import { describe, expect, test } from 'vitest';
import { parseSession, randomWord, readOwner, renderSession } from '../../../src/ownership/owner.ts';

const self = readOwner();

describe('sessions', () => {
  test('are read as they were written', () => {
    const owners = [
      self,
      { ...self, pidNamespace: 4_026_531_836, pid: 4_194_304, startTime: 2 ** 50 },
      { ...self, pidNamespace: 0, pid: 1, startTime: 0 },
    ];
    for (const owner of owners) expect(parseSession(renderSession(owner))).toEqual(owner);
  });

  test('fit labels, comments and arguments', () => {
    const session = renderSession({ ...self, pidNamespace: 4_294_967_295, pid: 4_194_304, startTime: 2 ** 50 });
    expect(session).toMatch(/^[0-9a-z-]+$/);
    // iptables takes comments of up to 255 characters, nft of up to 128: `lhf:lhf-12345678:` comes before it.
    expect(session.length + 'lhf:lhf-12345678:'.length).toBeLessThan(128);
  });

  test.each([
    '',
    'x',
    '0-1-2-3-4-5',
    `${renderSession(self)} `,
    `${renderSession(self)}-1`,
    renderSession(self).toUpperCase(),
    renderSession(self).replace(/-/g, ':'),
    renderSession({ ...self, pid: 0 }),
    renderSession({ ...self, pid: 2 ** 31 }),
  ])('%j is none', (session) => {
    expect(parseSession(session)).toBeUndefined();
  });
});

test('words at random', () => {
  expect(randomWord(8)).toMatch(/^[0-9a-v]{8}$/);
  expect(new Set(Array.from({ length: 1000 }, () => randomWord(8))).size).toBe(1000);
  expect(readOwner().nonce).not.toBe(readOwner().nonce);
});
