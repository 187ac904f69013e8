import ssh2 from 'ssh2';
import { expect, test } from 'vitest';
import { makeKeys, type KeyMaker } from '../../../../src/strategies/tunnel/keys.ts';

const { utils } = ssh2;

test.each(['private', 'public'] as const)('a pair whose %s key cannot be read is made anew', (kind) => {
  const good = makeKeys(utils);
  // As ssh2 writes it where the key begins with a zero: a byte short.
  const line = good[kind].split('\n')[kind === 'private' ? 1 : 0] ?? '';
  const bad = { ...good, [kind]: good[kind].replace(line, line.slice(0, -8)) };
  expect(utils.parseKey(bad[kind])).toBeInstanceOf(Error);
  const pairs = [bad, bad, good];
  const maker = { parseKey: utils.parseKey, generateKeyPairSync: () => pairs.shift() } as unknown as KeyMaker;
  expect(makeKeys(maker)).toBe(good);
  expect(pairs).toEqual([]);
});
