import { expect, test } from 'vitest';
import { parseNetAdmin } from '../../../src/host/facts.ts';

const status = (effective: string, ambient: string): string =>
  `Name:\tnode\nCapEff:\t${effective}\nCapAmb:\t${ambient}\n`;
const [all, netAdmin, none] = ['000001ffffffffff', '0000000000001000', '0000000000000000'];

test.each([
  ['root', all, none, true, true],
  ['root that lacks it', 'ffffffffffffefff', none, true, false],
  ['a user who has it as an ambient one', netAdmin, netAdmin, false, true],
  ['a user whose node alone has it, by its file', netAdmin, none, false, false],
  ['a user', none, none, false, false],
])('CAP_NET_ADMIN of %s', (_, effective, ambient, isRoot, expected) => {
  expect(parseNetAdmin(status(effective, ambient), isRoot)).toBe(expected);
});
