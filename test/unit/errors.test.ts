import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import {
  addEvidence,
  errorCodes,
  headlineOf,
  isLocalhostForwardError,
  LocalhostForwardError,
  textOf,
} from '../../src/errors.ts';

test('the codes are a promise', () => {
  expect(errorCodes.toSorted()).toEqual([
    'LHF_ERR_ABORTED',
    'LHF_ERR_CLOSE',
    'LHF_ERR_CLOSED',
    'LHF_ERR_DOCKER_UNAVAILABLE',
    'LHF_ERR_INVALID_OPTION',
    'LHF_ERR_NETWORK',
    'LHF_ERR_NO_STRATEGY',
    'LHF_ERR_PORT_IN_USE',
    'LHF_ERR_PRIVILEGE',
    'LHF_ERR_RULES',
    'LHF_ERR_SYSTEM',
    'LHF_ERR_TIMEOUT',
    'LHF_ERR_UNREACHABLE',
    'LHF_ERR_UNSUPPORTED',
  ]);
});

describe('an error', () => {
  const cause = new Error('inner');
  const reasons = [{ strategy: 'nftables', chosen: false, reason: 'nft is not installed' }] as const;
  const error = new LocalhostForwardError(
    'LHF_ERR_RULES',
    { what: 'Loading the rules failed', evidence: ['nft: one', 'nft: two'], try: 'sudo nft list ruleset' },
    { cause, strategy: 'nftables', command: 'nft -i', stderr: 'one\ntwo', reasons },
  );

  test('says what, then the evidence, then what to try', () => {
    expect(error.message).toBe('Loading the rules failed\n  nft: one\n  nft: two\nTry: sudo nft list ruleset');
    expect(new LocalhostForwardError('LHF_ERR_CLOSED', { what: 'Closed' }).message).toBe('Closed');
  });

  test('carries its facts', () => {
    expect(error).toMatchObject({
      name: 'LocalhostForwardError',
      code: 'LHF_ERR_RULES',
      strategy: 'nftables',
      command: 'nft -i',
      stderr: 'one\ntwo',
      reasons,
    });
    expect(error.cause).toBe(cause);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toMatch(/^LocalhostForwardError: Loading the rules failed\n/);
  });

  test('has no property for a fact that is not there', () => {
    const bare = new LocalhostForwardError('LHF_ERR_CLOSED', { what: 'Closed' });
    for (const name of ['cause', 'strategy', 'command', 'stderr', 'diagnosis', 'reasons'])
      expect(name in bare).toBe(false);
  });

  test('is told by its brand, which other copies of the package share and nobody sees', () => {
    const fromOtherCopy = Object.defineProperty(new Error('x'), Symbol.for('localhost-forward.error'), { value: true });
    expect(isLocalhostForwardError(error)).toBe(true);
    expect(isLocalhostForwardError(fromOtherCopy)).toBe(true);
    expect(Object.getOwnPropertyDescriptor(error, Symbol.for('localhost-forward.error'))?.enumerable).toBe(false);
    const lookalike = Object.assign(new Error('x'), { name: 'LocalhostForwardError', code: 'LHF_ERR_RULES' });
    for (const other of [new Error('x'), lookalike, undefined, null, 'LHF_ERR_RULES', { code: 'LHF_ERR_RULES' }]) {
      expect(isLocalhostForwardError(other)).toBe(false);
    }
  });

  test('is told across realms', () => {
    const make = "Object.defineProperty(new Error('x'), Symbol.for('localhost-forward.error'), { value: true })";
    expect(isLocalhostForwardError(runInNewContext(make))).toBe(true);
  });
});

describe('the text of an error', () => {
  test('is read from the error itself and not from its message', () => {
    const text = { what: 'Loading failed', evidence: ['Try: no advice'], try: 'nft list tables' };
    expect(textOf(new LocalhostForwardError('LHF_ERR_RULES', text))).toEqual(text);
    expect(textOf(new Error('one\ntwo'))).toEqual({ what: 'one' });
    expect(headlineOf('words\nmore')).toBe('words');
  });

  test('takes what was seen later, before its advice', () => {
    const error = new LocalhostForwardError('LHF_ERR_RULES', { what: 'No', evidence: ['a'], try: 'b' });
    addEvidence(error, 'c');
    expect(error.message).toBe('No\n  a\n  c\nTry: b');
    expect(textOf(error)).toEqual({ what: 'No', evidence: ['a', 'c'], try: 'b' });
  });
});
