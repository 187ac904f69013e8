import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnScript, type Script } from '../support/children.ts';
import { currentPlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';

/*
 * Where a call goes that the environment leads somewhere: asked of the docker command line and of this package, and seen by stand-ins for
 * engines that take note of who was called by which path. The real engine at the usual socket is told by an answer that no stand-in saw.
 */

type Environment = Readonly<Record<string, string>>;

let folder: string;
let seen: string[] = [];
const servers: Server[] = [];
let ours: Script;

const answerAs =
  (name: string): RequestListener =>
  ({ url = '', headers }, response) => {
    const path = url.replace(/^http:\/\/[^/]+/, '').replace(/(\/v[\d.]+)?\/(_ping|info|version)(\?.*)?$/, '');
    seen.push(`${name} ${path}${name === 'proxy' ? String(headers.host) : ''}`.trim());
    response
      .setHeader('Api-Version', '1.41')
      .setHeader('content-type', 'application/json')
      .end('{"ServerVersion":"1.2.3"}');
  };

const listen = async (server: Server, ...where: [string] | [number, string]): Promise<void> => {
  servers.push(server);
  server.listen(...(where as [number, string]));
  await once(server, 'listening');
};

const writeContext = async (name: string, docker: object, certificates: readonly string[] = []): Promise<void> => {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(folder, 'contexts/meta', id);
  await mkdir(meta, { recursive: true });
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker } }));
  const tls = join(folder, 'contexts/tls', id, 'docker');
  if (certificates.length > 0) await mkdir(tls, { recursive: true });
  for (const file of certificates) await outputOf(execHere, ['cp', join(folder, 'tls', file), tls]);
};

// A stand-in's authority, and the certificates that it made: of the engine, and of a client.
const makeCertificates = async (): Promise<void> => {
  const script = `
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca-key.pem -out ca.pem -subj /CN=ca -days 2
    for name in server client; do
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name-key.pem -out $name.csr -subj /CN=$name
      printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\\n' > $name.ext
      openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out $name.pem -days 2 -extfile $name.ext
    done
    cp client.pem cert.pem; cp client-key.pem key.pem; mkdir ca-only; cp ca.pem ca-only`;
  await outputOf(execHere, ['sh', '-ec', script], { cwd: join(folder, 'tls') });
};

const ask = `
import { createInterface } from 'node:readline';
const cwd = process.cwd();
let n = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { folder, env } = JSON.parse(line);
  process.chdir(folder);
  process.env = env;
  // One that knows no engine yet.
  const { connectEngine } = await import(cwd + '/src/engine/engine.ts?' + n++);
  const outcome = await connectEngine().then(() => 'reached', (error) => error.code + ' ' + error.message);
  console.log('outcome ' + JSON.stringify(outcome));
}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lhf-addresses-'));
  await mkdir(join(folder, 'tls'));
  await mkdir(join(folder, 'empty'));
  await makeCertificates();
  const { readFileSync } = await import('node:fs');
  const read = (name: string): Buffer => readFileSync(join(folder, 'tls', name));
  const tls = { cert: read('server.pem'), key: read('server-key.pem'), ca: read('ca.pem') };
  await listen(createServer(answerAs('socket')), join(folder, 'x.sock'));
  await listen(createServer(answerAs('2375')), 2375, '127.0.0.1');
  await listen(createServer(answerAs('1234')), 1234, '127.0.0.1');
  await listen(createServer(answerAs('proxy')), 3128, '127.0.0.1');
  await listen(createTlsServer(tls, answerAs('tls')), 2376, '127.0.0.1');
  await listen(createTlsServer({ ...tls, requestCert: true }, answerAs('mutual tls')), 2377, '127.0.0.1');
  await writeFile(join(folder, 'config.json'), '{}');
  await mkdir(join(folder, 'chosen'));
  const encrypted = { Host: 'tcp://127.0.0.1:2376', SkipTLSVerify: false };
  await writeContext('socket', { Host: `unix://${folder}/x.sock` });
  await writeContext('plain', { Host: 'tcp://127.0.0.1:1234', SkipTLSVerify: false });
  await writeContext('ca', encrypted, ['ca.pem']);
  await writeContext('mutual', { ...encrypted, Host: 'tcp://127.0.0.1:2377' }, ['ca.pem', 'cert.pem', 'key.pem']);
  await writeContext('no-certificates', encrypted);
  await writeContext('skip', { ...encrypted, SkipTLSVerify: true });
  await writeContext('without-docker', {});
  // The same contexts, one of them chosen.
  await outputOf(execHere, ['cp', '-r', join(folder, 'contexts'), join(folder, 'chosen')]);
  await writeFile(join(folder, 'chosen/config.json'), '{"currentContext":"plain"}');
  ours = spawnScript({ source: ask });
});

afterAll(async () => {
  await ours.kill('SIGKILL');
  await Promise.all(
    servers.map(async (server) => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }),
  );
  await rm(folder, { recursive: true });
});

/** Who was called, or `usual` where only the real engine can have answered, or `refused`. */
const outcomeOf = (isReached: boolean): string => seen[0] ?? (isReached ? 'usual' : 'refused');

const askDocker = async (env: Environment): Promise<string> => {
  seen = [];
  const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  const argv = ['timeout', '5', 'docker', 'version', '--format', '{{.Server.Version}}'];
  const { exitCode } = await execHere(argv, { cwd: folder, env: { ...cleared, PATH: process.env['PATH'], ...env } });
  return outcomeOf(exitCode === 0);
};

let asked = 0;
const askOurs = async (env: Environment): Promise<{ outcome: string; message: string }> => {
  seen = [];
  ours.send(JSON.stringify({ folder, env }));
  asked += 1;
  const before = asked;
  await ours.waitForLine(() => ours.lines.filter((line) => line.startsWith('outcome ')).length >= before);
  const message = JSON.parse(
    ours.lines
      .filter((line) => line.startsWith('outcome '))
      .at(-1)
      ?.slice(8) ?? '""',
  ) as string;
  return { outcome: outcomeOf(message === 'reached'), message };
};

test.each<[name: string, goesTo: string, env: (folder: string) => Environment]>([
  ['nothing', 'usual', () => ({})],
  ['a socket', 'socket', (at) => ({ DOCKER_HOST: `unix://${at}/x.sock` })],
  ['a relative socket', 'socket', () => ({ DOCKER_HOST: 'unix://x.sock' })],
  ['a socket without a path', 'usual', () => ({ DOCKER_HOST: 'unix://' })],
  ['a socket with a slash at its end', 'refused', (at) => ({ DOCKER_HOST: `unix://${at}/x.sock/` })],
  ['a socket without its scheme', '2375 /x.sock', () => ({ DOCKER_HOST: '/x.sock' })],
  ['an empty host', 'usual', () => ({ DOCKER_HOST: '' })],
  ['blanks around', '1234', () => ({ DOCKER_HOST: ' tcp://127.0.0.1:1234 ' })],
  ['a port', '1234', () => ({ DOCKER_HOST: 'tcp://127.0.0.1:1234' })],
  ['a slash at its end', '1234', () => ({ DOCKER_HOST: 'tcp://127.0.0.1:1234/' })],
  ['a path', '1234 /pre/fix', () => ({ DOCKER_HOST: 'tcp://127.0.0.1:1234/pre/fix' })],
  ['credentials', '1234', () => ({ DOCKER_HOST: 'tcp://me:secret@127.0.0.1:1234' })],
  ['no port', '2375', () => ({ DOCKER_HOST: 'tcp://127.0.0.1' })],
  ['neither host nor port', '2375', () => ({ DOCKER_HOST: 'tcp://' })],
  ['no host', '1234', () => ({ DOCKER_HOST: 'tcp://:1234' })],
  ['no scheme', '1234', () => ({ DOCKER_HOST: '127.0.0.1:1234' })],
  ['neither scheme nor port', '2375', () => ({ DOCKER_HOST: 'localhost' })],
  ['neither scheme nor host', '1234', () => ({ DOCKER_HOST: ':1234' })],
  ['a number that is no port', 'refused', () => ({ DOCKER_HOST: 'tcp://127.0.0.1:99999' })],
  ['a word that is no port', 'refused', () => ({ DOCKER_HOST: 'tcp://127.0.0.1:abc' })],
  ['IPv6 without a port', 'refused', () => ({ DOCKER_HOST: 'tcp://[::1]' })],
  ['http', 'refused', () => ({ DOCKER_HOST: 'http://127.0.0.1:1234' })],
  ['https', 'refused', () => ({ DOCKER_HOST: 'https://127.0.0.1:2376' })],
  ['a file descriptor', 'refused', () => ({ DOCKER_HOST: 'fd://' })],
  ['a named pipe', 'refused', () => ({ DOCKER_HOST: 'npipe:////./pipe/docker_engine' })],
  ['a scheme in capitals', 'refused', () => ({ DOCKER_HOST: 'TCP://127.0.0.1:1234' })],
  ['two schemes', 'refused', () => ({ DOCKER_HOST: 'tcp://unix://x' })],
  ['ssh where nobody answers', 'refused', () => ({ DOCKER_HOST: 'ssh://nobody@127.0.0.1:1' })],
  ['a context', 'socket', () => ({ DOCKER_CONTEXT: 'socket' })],
  ['the chosen context', '1234', (at) => ({ DOCKER_CONFIG: `${at}/chosen` })],
  ['a context over the chosen one', 'socket', (at) => ({ DOCKER_CONFIG: `${at}/chosen`, DOCKER_CONTEXT: 'socket' })],
  ['the default context over it', 'usual', (at) => ({ DOCKER_CONFIG: `${at}/chosen`, DOCKER_CONTEXT: 'default' })],
  ['a host over it', 'socket', (at) => ({ DOCKER_CONFIG: `${at}/chosen`, DOCKER_HOST: 'unix://x.sock' })],
  ['an empty context', '1234', (at) => ({ DOCKER_CONFIG: `${at}/chosen`, DOCKER_CONTEXT: '', DOCKER_HOST: '' })],
  ['a context that is not there', 'refused', () => ({ DOCKER_CONTEXT: 'gone' })],
  ['a host over one that is not there', '1234', () => ({ DOCKER_CONTEXT: 'gone', DOCKER_HOST: ':1234' })],
  ['a configuration that is not there', 'usual', (at) => ({ DOCKER_CONFIG: `${at}/nowhere` })],
  ['a context with an authority', 'tls', () => ({ DOCKER_CONTEXT: 'ca' })],
  ['a context with a certificate', 'mutual tls', () => ({ DOCKER_CONTEXT: 'mutual' })],
  ['a context without certificates', 'refused', () => ({ DOCKER_CONTEXT: 'no-certificates' })],
  ['a context that checks nobody', 'tls', () => ({ DOCKER_CONTEXT: 'skip' })],
  ['TLS', 'mutual tls', (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${at}/tls`, DOCKER_HOST: ':2377' })],
  ['TLS by any word', 'tls', (at) => ({ DOCKER_TLS_VERIFY: '0', DOCKER_CERT_PATH: `${at}/tls`, DOCKER_HOST: ':2376' })],
  ['TLS without a host', 'tls', (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${at}/tls` })],
  [
    'TLS to port 2375, where there is none',
    'refused',
    (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${at}/tls`, DOCKER_HOST: 'tcp://127.0.0.1' }),
  ],
  [
    'TLS with an authority alone',
    'tls',
    (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${at}/tls/ca-only`, DOCKER_HOST: ':2376' }),
  ],
  [
    'TLS without an authority',
    'refused',
    (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${at}/empty`, DOCKER_HOST: ':2376' }),
  ],
  [
    'TLS with the certificates of the configuration',
    'mutual tls',
    (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CONFIG: `${at}/tls`, DOCKER_HOST: ':2377' }),
  ],
  ['TLS that checks nobody', 'tls', (at) => ({ DOCKER_TLS: '1', DOCKER_CERT_PATH: `${at}/tls`, DOCKER_HOST: ':2376' })],
  [
    'TLS that checks nobody, without an authority',
    'refused',
    (at) => ({ DOCKER_TLS: '1', DOCKER_CERT_PATH: `${at}/empty`, DOCKER_HOST: ':2376' }),
  ],
  ['certificates alone', '1234', (at) => ({ DOCKER_CERT_PATH: `${at}/empty`, DOCKER_HOST: ':1234' })],
  [
    'TLS at a socket',
    'socket',
    (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${at}/tls`, DOCKER_HOST: 'unix://x.sock' }),
  ],
  [
    'TLS at a socket, without an authority',
    'refused',
    (at) => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: `${at}/empty`, DOCKER_HOST: 'unix://x.sock' }),
  ],
  ['a proxy, and this host', '1234', () => ({ HTTP_PROXY: 'http://127.0.0.1:3128', DOCKER_HOST: ':1234' })],
  ['a proxy, and a socket', 'socket', () => ({ HTTP_PROXY: 'http://127.0.0.1:3128', DOCKER_HOST: 'unix://x.sock' })],
])('%s: %s, as for the docker command line', async (_, goesTo, env) => {
  const given = { HOME: folder, DOCKER_CONFIG: folder, ...env(folder) };
  expect(currentPlace()).toBeDefined();
  const [byDocker, byUs] = [await askDocker(given), await askOurs(given)];
  expect(byUs).toEqual({
    outcome: byDocker,
    message: byDocker === 'refused' ? expect.stringMatching(/^LHF_ERR_DOCKER_UNAVAILABLE /) : 'reached',
  });
  expect(byDocker).toBe(goesTo);
});

// No strategy reaches another host, so nothing is gained by asking its proxy.
test('an engine that docker reaches through a proxy is named, and the proxy with it', async () => {
  const env = { HOME: folder, HTTP_PROXY: 'http://127.0.0.1:3128', DOCKER_HOST: 'tcp://10.255.255.1:1' };
  expect(await askDocker(env)).toBe('proxy 10.255.255.1:1');
  const { outcome, message } = await askOurs(env);
  expect(outcome).toBe('refused');
  expect(message).toMatch(/tcp:\/\/10\.255\.255\.1:1[^]*HTTP_PROXY/);
});

// Docker refuses what is no version, or a later one than the engine has. Calls of this package name none, so that each engine answers as it can.
test('an API version that docker is told to speak is nothing to this package', async () => {
  for (const version of ['junk', '9.99', '1.41', '']) {
    const env = { HOME: folder, DOCKER_CONFIG: folder, DOCKER_API_VERSION: version };
    expect([version, await askDocker(env)]).toEqual([
      version,
      ['junk', '9.99'].includes(version) ? 'refused' : 'usual',
    ]);
    expect(await askOurs(env)).toEqual({ outcome: 'usual', message: 'reached' });
  }
});
