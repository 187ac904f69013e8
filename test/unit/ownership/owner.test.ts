import { describe, expect, test } from 'vitest';
import { parseSession, randomWord, readOwner, renderSession } from '../../../src/ownership/owner.ts';

const self = readOwner();

describe('sessions', () => {
  test('are read as they were written', () => {
    const owners = [
      self,
      { ...self, pidNamespace: 4_026_531_836, pid: 4_194_304, startTime: 2 ** 50 },
      { ...self, pidNamespace: 0, pid: 1, startTime: 0 },
      { ...self, engine: '012abc' },
      { ...self, engine: '012abc', container: '0123456789ab' },
    ];
    for (const owner of owners) expect(parseSession(renderSession(owner))).toEqual(owner);
  });

  test('fit labels, comments and arguments', () => {
    const session = renderSession({
      ...self,
      pidNamespace: 4_294_967_295,
      pid: 4_194_304,
      startTime: 2 ** 50,
      engine: '012abc',
      container: '0123456789ab',
    });
    expect(session).toMatch(/^[0-9a-z-]+$/);
    // iptables takes comments of up to 255 characters, nft of up to 128: `lhf:lhf-12345678:` comes before it.
    expect(session.length + 'lhf:lhf-12345678:'.length).toBeLessThan(128);
  });

  // Named by what is wrong with them: a test whose name changes from run to run is another one each time.
  test.each([
    ['nothing', ''],
    ['a word', 'x'],
    ['short ones', '0-1-2-3-4-5'],
    ['a space behind it', `${renderSession(self)} `],
    ['a space before it', ` ${renderSession(self)}`],
    ['one word too many', `${renderSession(self)}-1`],
    ['capitals', renderSession(self).toUpperCase()],
    ['colons', renderSession(self).replace(/-/g, ':')],
    ['pid 0', renderSession({ ...self, pid: 0 })],
    ['a pid of 32 bits', renderSession({ ...self, pid: 2 ** 31 })],
  ])('%s: none', (_, session) => {
    expect(parseSession(session)).toBeUndefined();
  });

  test('may have the highest pid that there is', () => {
    const owner = { ...self, pid: 2 ** 31 - 1 };
    expect(parseSession(renderSession(owner))).toEqual(owner);
  });
});

test('words at random', () => {
  expect(randomWord(8)).toMatch(/^[0-9a-v]{8}$/);
  expect(new Set(Array.from({ length: 1000 }, () => randomWord(8))).size).toBe(1000);
  expect(readOwner().nonce).not.toBe(readOwner().nonce);
});
