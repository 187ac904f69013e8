import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectionOf, readEndpoint } from '../../../src/engine/endpoint.ts';

const folder = mkdtempSync(join(tmpdir(), 'lhf-endpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));

const idOf = (context: string): string => createHash('sha256').update(context).digest('hex');
const tlsOf = (context: string): string => join(folder, 'contexts', 'tls', idOf(context), 'docker');

const write = (path: string, content: unknown): void => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
};
const writeContext = (name: string, host: string): void =>
  write(join(folder, 'contexts', 'meta', idOf(name), 'meta.json'), {
    Name: name,
    Endpoints: { docker: { Host: host, SkipTLSVerify: false } },
  });

write(join(folder, 'config.json'), { auths: {}, currentContext: 'colima' });
writeContext('colima', 'unix:///home/me/.colima/docker.sock');
writeContext('ci', 'tcp://ci.test:2376');
writeContext('plain', 'tcp://plain.test:2375');
writeContext('far', 'ssh://me@far.test');
for (const name of ['ca', 'cert', 'key']) write(join(tlsOf('ci'), `${name}.pem`), `the ${name}`);

const empty = mkdtempSync(join(tmpdir(), 'lhf-endpoint-'));
afterAll(() => rmSync(empty, { recursive: true }));
write(join(empty, 'config.json'), 'not JSON');

const usual = { url: 'unix:///var/run/docker.sock' };
const here = { DOCKER_CONFIG: folder };

describe('readEndpoint', () => {
  it.each<[string, NodeJS.ProcessEnv, object]>([
    ['nothing said', { DOCKER_CONFIG: empty }, usual],
    ['a folder that is not there', { DOCKER_CONFIG: join(empty, 'none') }, usual],
    ['DOCKER_HOST', { ...here, DOCKER_HOST: 'unix:///x.sock' }, { url: 'unix:///x.sock' }],
    [
      'DOCKER_HOST before DOCKER_CONTEXT',
      { ...here, DOCKER_HOST: 'tcp://h:1', DOCKER_CONTEXT: 'ci' },
      { url: 'tcp://h:1' },
    ],
    [
      'DOCKER_HOST with TLS',
      { DOCKER_HOST: 'tcp://h:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: tlsOf('ci') },
      { url: 'tcp://h:1', tls: { folder: tlsOf('ci'), verify: true } },
    ],
    [
      'DOCKER_CERT_PATH without verification',
      { DOCKER_HOST: 'tcp://h:1', DOCKER_CERT_PATH: '/certs' },
      { url: 'tcp://h:1' },
    ],
    ['the current context', here, { url: 'unix:///home/me/.colima/docker.sock' }],
    [
      'empty variables are none',
      { ...here, DOCKER_HOST: '', DOCKER_CONTEXT: '' },
      { url: 'unix:///home/me/.colima/docker.sock' },
    ],
    [
      'DOCKER_CONTEXT before the current one',
      { ...here, DOCKER_CONTEXT: 'ci' },
      { url: 'tcp://ci.test:2376', tls: { folder: tlsOf('ci'), verify: true } },
    ],
    ['a context without certificates', { ...here, DOCKER_CONTEXT: 'plain' }, { url: 'tcp://plain.test:2375' }],
    ['a context over ssh', { ...here, DOCKER_CONTEXT: 'far' }, { url: 'ssh://me@far.test' }],
    ['the default context', { ...here, DOCKER_CONTEXT: 'default' }, usual],
  ])('%s', (_, env, endpoint) => expect(readEndpoint(env)).toEqual(endpoint));

  it('takes no other engine for a context that is not there', () => {
    expect(() => readEndpoint({ ...here, DOCKER_CONTEXT: 'gone' })).toThrow(
      expect.objectContaining({
        code: 'LHF_ERR_DOCKER_UNAVAILABLE',
        message: `The docker context gone is not in ${folder}\nTry: docker context ls`,
      }),
    );
  });
});

it('asks for no home where nobody has one', () =>
  expect(readEndpoint({ DOCKER_CONFIG: '', DOCKER_HOST: '' })).toEqual(usual));

describe('connectionOf', () => {
  const certificates = { ca: 'the ca', cert: 'the cert', key: 'the key' };
  it.each([
    [{ url: 'unix:///x.sock' }, { socketPath: '/x.sock' }],
    [{ url: 'npipe:////./pipe/docker_engine' }, { socketPath: '//./pipe/docker_engine' }],
    [{ url: 'tcp://127.0.0.1:1234' }, { protocol: 'http', host: '127.0.0.1', port: '1234' }],
    [{ url: 'tcp://127.0.0.1:1234/' }, { protocol: 'http', host: '127.0.0.1', port: '1234' }],
    [{ url: 'tcp://h:1234/pre/fix/' }, { protocol: 'http', host: 'h', port: '1234', version: 'pre/fix' }],
    [{ url: 'https://h' }, { protocol: 'https', host: 'h', port: 443 }],
    [{ url: 'ssh://me@h' }, { protocol: 'ssh', host: 'h', port: 22, username: 'me' }],
    [{ url: 'ssh://h:2222' }, { protocol: 'ssh', host: 'h', port: '2222' }],
    [
      { url: 'tcp://h:2376', tls: { folder: tlsOf('ci'), verify: true } },
      { protocol: 'https', host: 'h', port: '2376', ...certificates },
    ],
    [
      { url: 'tcp://h:2376', tls: { folder: '/nonexistent', verify: false } },
      { protocol: 'https', host: 'h', port: '2376', rejectUnauthorized: false },
    ],
  ])('%j', (endpoint, options) => expect(connectionOf(endpoint)).toEqual(options));

  it('throws for what is no URL', () => expect(() => connectionOf({ url: 'tcp://h:99999' })).toThrow('Invalid URL'));
});
