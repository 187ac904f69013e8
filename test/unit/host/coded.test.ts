import http from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { LocalhostForwardError } from '../../../src/errors.ts';
import { coded, toCoded } from '../../../src/host/coded.ts';

describe('whatever fails becomes an error of the package', () => {
  const failure = (fields: object, message = 'words') => Object.assign(new Error(message), fields);
  test.each<[string, unknown, string, RegExp]>([
    [
      'by Node’s permission model',
      failure({ code: 'ERR_ACCESS_DENIED', permission: 'ChildProcess' }),
      'LHF_ERR_PRIVILEGE',
      /^This process runs with --permission[^]*\n {2}denied: ChildProcess\nTry: node --permission --allow-child-process /,
    ],
    [
      'for want of files',
      failure({ code: 'EMFILE' }),
      'LHF_ERR_SYSTEM',
      /too few files for a forward: words\nTry: ulimit -n \$\(ulimit -Hn\)$/,
    ],
    [
      'at the engine',
      failure({ statusCode: 500 }),
      'LHF_ERR_DOCKER_UNAVAILABLE',
      /the Docker engine answered 500: words/,
    ],
    [
      'as nobody foresaw',
      new TypeError('x is not a function'),
      'LHF_ERR_SYSTEM',
      /^Opening failed: x is not a function\nTry: export DEBUG=/,
    ],
    ['with no error at all', undefined, 'LHF_ERR_SYSTEM', /^Opening failed: undefined\n/],
    ['with a word', 'no', 'LHF_ERR_SYSTEM', /^Opening failed: no\n/],
  ])('%s', (_, error, code, message) => {
    const made = toCoded('Opening', error);
    expect(made).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(made.cause).toBe(error);
  });

  test('its own stay what they are, and so does what comes back', async () => {
    const own = new LocalhostForwardError('LHF_ERR_RULES', { what: 'x' });
    await expect(coded('Opening', () => Promise.reject(own))).rejects.toBe(own);
    await expect(coded('Opening', () => 7)).resolves.toBe(7);
  });
});

test('a spy in Node’s own http is named, since the engine’s client would meet it', async () => {
  const spy = vi.spyOn(http, 'request');
  try {
    await expect(coded('Opening', () => 'fine')).rejects.toMatchObject({
      code: 'LHF_ERR_UNSUPPORTED',
      message: expect.stringContaining('A spy or stub is in Node’s own http,'.replace('’', "'")) as string,
    });
  } finally {
    spy.mockRestore();
  }
});
