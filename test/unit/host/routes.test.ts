import { expect, it } from 'vitest';
import { isRuleFor, markOf, parseRules } from '../../../src/host/routes.ts';

const packet = { to: '198.18.0.30', from: '127.0.0.1' };

it.each([
  ['from all lookup 52', true],
  ['from all to 203.0.113.0/24 blackhole', false],
  ['from all to 198.18.0.0/15 blackhole', true],
  ['from all to 198.18.0.30 lookup 52', true],
  ['from 127.0.0.1 lookup 52', true],
  ['from 198.18.0.0/15 lookup 52', false],
  ['not from all to 203.0.113.0/24 lookup 52', true],
  ['not from all fwmark 0xca6c lookup 51820', true],
  ['from all fwmark 0x99 lookup 52', false],
  ['from all iif lo lookup 52', true],
  ['from all iif eth0 lookup 52', false],
  ['from all ipproto tcp sport 80 lookup 52', false],
])('a rule `%s` is for what this host answers: %s', (text, expected) => {
  const [rule] = parseRules(`90:\t${text}`);
  expect(rule !== undefined && isRuleFor(rule, packet)).toBe(expected);
});

it('a rule is for a mark under its mask', () => {
  const [rule] = parseRules('90:\tfrom all fwmark 0x4/0xff lookup 52');
  if (rule === undefined) throw new Error('It is a rule');
  expect(markOf(rule)).toBe('0x4');
  expect(isRuleFor(rule, { ...packet, mark: '0x104' })).toBe(true);
  expect(isRuleFor(rule, { ...packet, mark: '0x5' })).toBe(false);
});
