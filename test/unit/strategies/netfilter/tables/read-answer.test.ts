import { expect, it } from 'vitest';
import { lastWordsIn, renderRequest } from '../../../../../src/strategies/netfilter/tables/read-answer.ts';

const complaint = (token: string, prefix = ''): string =>
  token.endsWith('_start')
    ? `${prefix}Error: No such file or directory\nlist table ip ${token}\n              ^^^^^^\n`
    : `${prefix}Error: syntax error, unexpected newline, expecting string\n${token}\n        ^\n`;
const terminal = 'No entry for terminal type "xterm-kitty-unknown";\nusing dumb terminal settings.\n';
const refused = 'Error: Could not process rule: Operation not permitted\nadd table ip x\n^^^^^^^^^^^^^^^';

const read = (said: string, isFirst: boolean) => renderRequest('add table ip x', 't', { isFirst }).read(said);
const done = { refusal: '', isBroken: false };

it.each([
  ['nothing', ''],
  ['a line editor', terminal],
  ['sudo', 'sudo: unable to resolve host ci: Name or service not known\n'],
  ['sudo and a line editor', `sudo: unable to resolve host ci\n${terminal}`],
  ['something that looks like an error', 'Error: No such terminal\nxterm\n^^^\n'],
])('what %s says at the start is no answer', (_, noise) => {
  const start = noise + complaint('t_start');
  expect(read(`${start}${complaint('t')}rest`, true)).toEqual({ answer: done, rest: 'rest' });
  expect(read(`${start}${refused}\n${complaint('t')}`, true)?.answer).toEqual({ refusal: refused, isBroken: false });
});

it.each([
  ['a refusal', `${refused}\n`, refused],
  [
    'a syntax error',
    'Error: syntax error, unexpected newline\nfoo\n   ^\n',
    'Error: syntax error, unexpected newline\nfoo\n   ^',
  ],
  ['the kernel’s error', 'netlink: Error: File exists\n', 'netlink: Error: File exists'],
  ['an error without a place', 'internal:0:0-0: Error: No buffer space\n', 'internal:0:0-0: Error: No buffer space'],
  ['an error with its place', '/dev/stdin:1:1-3: Error: no\n', '/dev/stdin:1:1-3: Error: no'],
  ['an error after a remark', `Operation not permitted (you must be root)\n${refused}\n`, refused],
  ['a warning', 'Warning: table is deprecated\nadd table ip x\n^^^\n', ''],
  ['a warning and an error', `Warning: old\nadd\n^^^\n${refused}\n`, refused],
  ['words that nobody knows', 'out of cheese\n', 'out of cheese'],
])('tells %s', (_, said, refusal) => {
  const answer = { refusal, isBroken: false };
  expect(read(said + complaint('t'), false)).toEqual({ answer, rest: '' });
  expect(read(said + complaint('t', 'netlink: '), false)).toEqual({ answer, rest: '' });
});

it('waits for the whole answer, however it comes in parts', () => {
  const whole = terminal + complaint('t_start') + complaint('t');
  for (let length = 0; length < whole.length; length += 1) expect(read(whole.slice(0, length), true)).toBeUndefined();
  expect(read(whole, true)).toEqual({ answer: done, rest: '' });
});

it('sends what it starts with once', () => {
  const { request } = renderRequest('add table ip x', 't', { isFirst: true });
  expect(request).toBe('list table ip t_start\nadd table ip x\nt\n');
  expect(renderRequest('add table ip x', 't', { isFirst: false }).request).toBe('add table ip x\nt\n');
});

it('tells that nft cannot work at all, at once', () => {
  const words = 'netlink: Error: cache initialization failed: Operation not permitted';
  expect(read(`${terminal}Operation not permitted (you must be root)\n${words}\n`, true)).toEqual({
    answer: { refusal: words, isBroken: true },
    rest: '',
  });
});

it.each([
  ['sudo: a password is required', 'sudo: a password is required'],
  [`${complaint('sync_1_1_start')}Killed`, 'Killed'],
  [complaint('sync_1_1_start').trim(), 'nft ended'],
  [`${refused}\n${complaint('sync_1_2')}`, refused],
])('knows the last words of %j', (said, words) => {
  expect(lastWordsIn(said)).toBe(words);
});
