import { expect, test } from 'vitest';
import { isMissing, isUnstartable } from '../../../../../src/strategies/netfilter/leftovers/programs.ts';

test.each<[string | undefined, boolean]>([
  ['spawn nft ENOENT', true],
  ['spawn iptables-save EACCES', true],
  ['spawn /usr/sbin/nft ENOENT', true],
  ['spawn nft EAGAIN', false],
  ['its container has ended: spawn nft ENOENT', false],
  ['took longer than 10000 ms', false],
  [undefined, false],
])('whether nobody can start a program there, by %s', (failure, expected) => {
  expect(isUnstartable(failure)).toBe(expected);
});

test('a program that this host has is not missing where it cannot be started', () => {
  expect(isMissing('spawn nft ENOENT')).toBe(false);
});
