import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connectEngine, readConnection, statusOf } from '../../../src/engine/engine.ts';
import { defaultUrl } from '../../../src/engine/address.ts';
import { describeUnavailable, dockerUnavailable } from '../../../src/engine/unavailable.ts';
import { readEngineFacts } from '../../../src/engine/identify.ts';
import { reportedMachines } from '../support/reported-engines.ts';

const folder = mkdtempSync(join(tmpdir(), 'lhf-unit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const serve = async (socket: string): Promise<{ asked: string[]; server: Server }> => {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url ?? '');
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ ServerVersion: '28.5.0', OperatingSystem: 'Debian GNU/Linux 12' }));
  });
  await new Promise<void>((resolve) => {
    server.listen(socket, resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, server };
};

describe('readEngineFacts', () => {
  const endpoint = 'unix:///var/run/docker.sock';
  const facts = {
    name: 'Docker',
    version: 'unknown',
    rootless: false,
    remote: false,
    vm: undefined,
    reachesLoopbackBy: undefined,
    bridgeStands: 'always',
    joinsNetworkBy: 'id',
    firewallBackend: undefined,
    endpoint,
  };

  it.each([
    ['nothing said', {}, {}],
    ['a version', { ServerVersion: '28.5.0' }, { version: '28.5.0' }],
    ['no security options', { SecurityOptions: null }, {}],
    ['a rootless one', { SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] }, { rootless: true }],
    ['a rootful one', { SecurityOptions: ['name=seccomp,profile=builtin'] }, {}],
    ['its firewall', { FirewallBackend: { Driver: 'nftables' } }, { firewallBackend: 'nftables' }],
    ['no firewall', { FirewallBackend: null }, {}],
    // As Podman 5.4.2 says it, shortened: its operating system is the host's.
    [
      'Podman',
      { ServerVersion: '5.4.2', OperatingSystem: 'debian', BuildahVersion: '1.39.3', Rootless: false },
      { name: 'Podman', version: '5.4.2', bridgeStands: 'while used', joinsNetworkBy: 'path' },
    ],
    [
      'Podman without root',
      { ServerVersion: '5.4.2', BuildahVersion: '1.39.3', Rootless: true },
      { name: 'Podman', version: '5.4.2', bridgeStands: 'while used', joinsNetworkBy: 'path', rootless: true },
    ],
    ['a host whose name only begins so', { OperatingSystem: 'Ubuntu 24.04', Name: 'lima-peru' }, {}],
  ])('%s', (_, info, changed) => expect(readEngineFacts(info, endpoint)).toEqual({ ...facts, ...changed }));

  it.each(reportedMachines)('$vm', ({ vm, info, reachesLoopbackBy }) =>
    expect(readEngineFacts(info, endpoint)).toMatchObject({ vm, reachesLoopbackBy, remote: false }),
  );

  // Where users' contexts say that these engines listen; what they answer need not name them.
  it.each([
    ['Docker Desktop', 'unix:///Users/me/.docker/run/docker.sock'],
    ['Docker Desktop', 'unix:///home/me/.docker/desktop/docker.sock'],
    ['OrbStack', 'unix:///Users/me/.orbstack/run/docker.sock'],
    ['Rancher Desktop', 'unix:///Users/me/.rd/docker.sock'],
    ['Colima', 'unix:///Users/me/.colima/default/docker.sock'],
    ['Lima', 'unix:///Users/me/.lima/default/sock/docker.sock'],
    ['podman machine', 'unix:///home/me/.local/share/containers/podman/machine/qemu/podman.sock'],
    ['podman machine', 'unix:///var/folders/_s/x/T/podman/podman-machine-default-api.sock'],
    [undefined, 'unix:///run/user/1000/podman/podman.sock'],
    [undefined, 'unix:///var/run/docker.sock'],
  ])('%s listens at %s', (vm, at) => expect(readEngineFacts({}, at).vm).toBe(vm));

  it.each([
    ['unix:///var/run/docker.sock', false],
    ['npipe:////./pipe/docker_engine', false],
    ['tcp://127.0.0.1:2375', false],
    ['tcp://localhost:2375', false],
    ['https://[::1]:2376', false],
    ['tcp://10.0.0.1:2375', true],
    ['https://ci.test:2376', true],
    ['ssh://far.test:22', true],
    ['tcp://localhost.test:2375', true],
    ['tcp://127.test:2375', true],
  ])('%s is remote: %s', (at, remote) => expect(readEngineFacts({}, at).remote).toBe(remote));
});

describe('connectEngine', () => {
  it('asks once, whether by its options, an instance or the environment', async () => {
    const socketPath = join(folder, 'once.sock');
    const { asked } = await serve(socketPath);
    const docker = new Docker({ socketPath });
    vi.stubEnv('DOCKER_HOST', `unix://${socketPath}`);
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const [option, n] of [
      [{ socketPath }, 1],
      [docker, 2],
      [undefined, 3],
    ] as const) {
      const [one, other] = await Promise.all([connectEngine(option), connectEngine(option)]);
      expect(one).toBe(other);
      expect(one.facts).toMatchObject({ version: '28.5.0', endpoint: `unix://${socketPath}` });
      expect(asked.filter((url) => url.endsWith('/info'))).toHaveLength(n);
    }
    expect(Object.getPrototypeOf((await connectEngine(docker)).docker)).toBe(docker);
  });

  it('asks again after a failure', async () => {
    const socketPath = join(folder, 'later.sock');
    const unavailable = {
      code: 'LHF_ERR_DOCKER_UNAVAILABLE',
      message: expect.stringContaining(`No Docker engine answers at unix://${socketPath}: `) as string,
    };
    await expect(connectEngine({ socketPath })).rejects.toMatchObject(unavailable);
    await serve(socketPath);
    expect((await connectEngine({ socketPath })).facts.version).toBe('28.5.0');
  });

  it('codes an address that is none', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://h:99999');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(connectEngine()).rejects.toMatchObject({ code: 'LHF_ERR_DOCKER_UNAVAILABLE' });
  });
});

describe('dockerUnavailable', () => {
  const failure = (code: string, message = `connect ${code} /x`) => Object.assign(new Error(message), { code });
  it.each([
    [
      failure('EACCES'),
      'unix:///x',
      'this user may not open the socket\n.*next log-in',
      'sudo usermod -aG docker "\\$USER"$',
    ],
    [failure('ENOENT'), 'unix:///x', 'connect ENOENT /x', 'sudo systemctl start docker'],
    [failure('ECONNREFUSED', ''), 'tcp://localhost:1', 'ECONNREFUSED', 'docker -H tcp://localhost:1 info'],
  ])('%o at %s', (cause, endpoint, reason, advice) => {
    const error = dockerUnavailable(cause, endpoint);
    expect(error.message).toMatch(
      new RegExp(String.raw`^No Docker engine answers at ${endpoint}: ${reason}\nTry: ${advice}`),
    );
    expect(error.cause).toBe(cause);
  });

  it.each([
    ['ENOENT', defaultUrl, 'docker run -v /var/run/docker.sock:/var/run/docker.sock …'],
    ['ENOENT', 'tcp://localhost:1', 'docker -H tcp://localhost:1 info'],
    ['EACCES', 'unix:///', 'docker run --group-add 0 …'],
    ['EACCES', 'unix:///no-such-socket', 'docker run --group-add docker …'],
    // What cannot be looked at: as a folder that nobody may enter.
    ['EACCES', `unix:///${'x'.repeat(300)}`, 'docker run --group-add docker …'],
  ])('advises, in a container, on %s at %s what its start takes', (code, endpoint, advice) => {
    expect(describeUnavailable(failure(code), endpoint, true).try).toBe(advice);
  });

  it('advises how an engine is started whose own socket does not answer, unless this is a container', () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    vi.stubEnv('XDG_RUNTIME_DIR', '/runtime');
    vi.stubEnv('DOCKER_HOST', 'unix:///runtime/docker.sock');
    const advice = (isContained: boolean) =>
      describeUnavailable(failure('ECONNREFUSED'), 'unix:///runtime/docker.sock', isContained).try;
    expect(advice(false)).toBe('systemctl --user start docker');
    expect(advice(true)).toBe('unset DOCKER_HOST');
  });

  it('names DOCKER_HOST, and the docker context, where they chose it', () => {
    onTestFinished(() => void vi.unstubAllEnvs());
    const message = () => dockerUnavailable(failure('ENOENT'), 'unix:///nowhere.sock').message;
    vi.stubEnv('DOCKER_HOST', 'unix:///nowhere.sock');
    expect(message()).toMatch(/\n {2}DOCKER_HOST is unix:\/\/\/nowhere\.sock\nTry: unset DOCKER_HOST$/);
    const config = mkdtempSync(join(folder, 'config-'));
    const meta = join(config, 'contexts/meta', createHash('sha256').update('gone').digest('hex'));
    mkdirSync(meta, { recursive: true });
    writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Endpoints: { docker: { Host: 'unix:///nowhere.sock' } } }));
    vi.stubEnv('DOCKER_HOST', '');
    vi.stubEnv('DOCKER_CONFIG', config);
    vi.stubEnv('DOCKER_CONTEXT', 'gone');
    expect(message()).toMatch(/\n {2}the docker context is gone\nTry: docker context use default$/);
    vi.stubEnv('DOCKER_CONTEXT', '');
    expect(message()).toMatch(/\nTry: sudo systemctl start docker$/);
  });
});

it.each([
  [{ socketPath: '/x.sock' }, { socketPath: '/x.sock' }],
  [
    { protocol: 'http', host: 'h', port: 2375 },
    { protocol: 'http', host: 'h', port: 2375 },
  ],
  [
    { protocol: 'https', host: 'h', port: 2376, ca: 'a', cert: 'b', key: 'c' },
    { protocol: 'https', host: 'h', port: 2376, ca: 'a', cert: 'b', key: 'c' },
  ],
] as const)('another process reaches the engine of %j too', async (given, options) => {
  expect(JSON.parse(JSON.stringify(await readConnection(new Docker(given))))).toMatchObject(options);
});

it.each([
  [Object.assign(new Error('x'), { statusCode: 404 }), 404],
  [Object.assign(new Error('x'), { statusCode: '404' }), undefined],
  [new Error('x'), undefined],
])('the status of %o is %s', (error, status) => expect(statusOf(error)).toBe(status));

it('options without an address are about the engine of the chosen context', async () => {
  const socket = join(folder, 'chosen.sock');
  const { asked } = await serve(socket);
  const meta = join(folder, 'contexts', 'meta', createHash('sha256').update('chosen').digest('hex'));
  mkdirSync(meta, { recursive: true });
  writeFileSync(
    join(meta, 'meta.json'),
    JSON.stringify({ Name: 'chosen', Endpoints: { docker: { Host: `unix://${socket}` } } }),
  );
  const env = { DOCKER_HOST: '', DOCKER_CONTEXT: 'chosen', DOCKER_CONFIG: folder };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const { facts } = await connectEngine({ timeout: 120_000, socketPath: undefined });
  expect(facts.endpoint).toBe(`unix://${socket}`);
  expect(asked).toContain('/info');
});
