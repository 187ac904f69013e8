import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import * as errors from '../../src/errors.ts';

const { errorCodes, isLocalhostForwardError, LocalhostForwardError } = errors;

const code = 'LHF_ERR_RULES';

describe('the message', () => {
  it.each([
    ['what alone', { what: 'It failed' }, 'It failed'],
    ['what and try', { what: 'It failed', try: 'again' }, 'It failed\nTry: again'],
    ['all', { what: 'It failed', evidence: ['seen: 1', 'seen: 2'], try: 'again' }, 'It failed\n  seen: 1\n  seen: 2\nTry: again'],
  ])('%s', (_, text, message) => expect(new LocalhostForwardError(code, text).message).toBe(message));
});

describe('the error', () => {
  const fieldsOf = (error: Error): object => Object.fromEntries(Object.entries(error));

  it('carries what applies, and nothing else', () => {
    const cause = new Error('below');
    const error = new LocalhostForwardError(code, { what: 'x' }, { cause, strategy: 'nftables', command: 'nft', stderr: 'no' });
    expect({ ...fieldsOf(error), cause: error.cause }).toEqual({ name: 'LocalhostForwardError', code, cause, strategy: 'nftables', command: 'nft', stderr: 'no' });
    expect(fieldsOf(new LocalhostForwardError(code, { what: 'x' }))).toEqual({ name: 'LocalhostForwardError', code });
    expect('cause' in new LocalhostForwardError(code, { what: 'x' })).toBe(false);
  });

  it('shows its name and its message first', () => {
    expect(String(new LocalhostForwardError(code, { what: 'x' }))).toBe('LocalhostForwardError: x');
    expect(new LocalhostForwardError(code, { what: 'x' }).stack).toContain('errors.test.ts');
  });

  it('is known to another copy of the package, and in another realm', async () => {
    const copy = (await import(/* @vite-ignore */ ['../../src/errors.ts', 'copy'].join('?'))) as typeof errors;
    expect(copy.LocalhostForwardError).not.toBe(LocalhostForwardError);
    const theirs = new copy.LocalhostForwardError(code, { what: 'x' });
    expect(theirs).not.toBeInstanceOf(LocalhostForwardError);
    expect(isLocalhostForwardError(theirs)).toBe(true);
    expect(copy.isLocalhostForwardError(new LocalhostForwardError(code, { what: 'x' }))).toBe(true);
    const elsewhere: unknown = runInNewContext(`Object.assign(new Error('x'), { [Symbol.for('localhost-forward.error')]: true })`);
    expect(elsewhere).not.toBeInstanceOf(Error);
    expect(isLocalhostForwardError(elsewhere)).toBe(true);
  });

  it.each([undefined, null, 'LHF_ERR_RULES', {}, new Error('x'), Object.assign(new Error('x'), { code, name: 'LocalhostForwardError' })])('is not %o', (value) => {
    expect(isLocalhostForwardError(value)).toBe(false);
  });
});

it('has the codes that the documentation promises', () => {
  const promised = 'INVALID_OPTION DOCKER_UNAVAILABLE NO_STRATEGY PRIVILEGE PORT_IN_USE NETWORK RULES UNREACHABLE CLOSE CLOSED ABORTED';
  expect(errorCodes).toEqual(promised.split(' ').map((name) => `LHF_ERR_${name}`));
  const written = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').match(/LHF_ERR_\w+/g) ?? [];
  expect(written.filter((name) => !(errorCodes as readonly string[]).includes(name))).toEqual([]);
});
