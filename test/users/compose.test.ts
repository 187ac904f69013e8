import Docker from 'dockerode';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { ensureTestImage, mountNode } from '../support/containers.ts';
import { spawnScript } from '../support/children.ts';
import { until } from '../support/until.ts';
import { execHere } from '../support/run.ts';
import { listenTcp } from '../support/services.ts';
import { expectNothingLeft } from './support/nothing-left.ts';

// `localhost-forward run … -- docker compose up`, with each compose that is here.
const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const works = async (...command: readonly string[]): Promise<boolean> =>
  execHere([...command, 'version']).then(
    ({ exitCode }) => exitCode === 0,
    () => false,
  );

/** Of both generations: what is installed here, and compose 2 as the bootstrap has unpacked it. */
const unpacked = fileURLToPath(
  new URL('../../.tools/compose2/usr/libexec/docker/cli-plugins/docker-compose', import.meta.url),
);
const candidates = [['docker', 'compose'], ['docker-compose'], [unpacked]];
const usable = await Promise.all(candidates.map(async (compose) => ((await works(...compose)) ? [compose] : [])));
const composes = await Promise.all(
  usable.flat().map(async (compose) => {
    const { stdout } = await execHere([...compose, 'version', '--short']);
    return { version: stdout.trim(), compose };
  }),
);

const renderCaller = (image: string, mounts: readonly string[], program: string) => ({
  image,
  entrypoint: ['/node', '--eval', program.replaceAll('$', '$$$$')],
  environment: ['LOCALHOST_FORWARD_URL'],
  volumes: mounts,
});

// What most projects have: nothing in it tells of a forward.
const renderPlain = (...caller: Parameters<typeof renderCaller>): string =>
  JSON.stringify({ version: '3.7', services: { caller: renderCaller(...caller) } });

// What a user without JavaScript writes: the network and the name come from the environment that `run` gives.
const renderCompose = (...caller: Parameters<typeof renderCaller>): string =>
  JSON.stringify({
    version: '3.7',
    services: {
      caller: {
        ...renderCaller(...caller),
        networks: ['forward'],
        extra_hosts: ['${LOCALHOST_FORWARD_HOST}:${LOCALHOST_FORWARD_GATEWAY}'],
      },
    },
    networks: { forward: { external: true, name: '${LOCALHOST_FORWARD_NETWORK}' } },
  });

const program = `fetch(process.env.LOCALHOST_FORWARD_URL)
  .then((response) => response.json())
  .then(({ marker }) => { console.log('heard ' + marker); process.exit(6); })`;

expectNothingLeft();

it('there is a compose to try, and what the bootstrap has unpacked is among them', () => {
  expect(composes.length).toBeGreaterThan(0);
  expect(composes.some(({ compose: [file] }) => file === unpacked)).toBe(existsSync(unpacked));
});

it.each(composes)('compose $version reaches a service, and its exit code is passed on', async ({ compose }) => {
  const image = await ensureTestImage(new Docker());
  const folder = await mkdtemp(join(tmpdir(), 'lhf-compose-'));
  await using service = await listenTcp();
  try {
    await writeFile(join(folder, 'compose.yaml'), renderCompose(image, await mountNode(), program));
    const project = [...compose, '-p', `lhf${process.pid}`, '-f', 'compose.yaml'];
    // `down` before the forward closes: containers of a stopped project would still hold its network.
    const upAndDown = '"$@" up --abort-on-container-exit --exit-code-from caller; code=$?; "$@" down; exit $code';
    const { stdout, stderr, exitCode } = await execHere(
      [process.execPath, main, 'run', `${service.port}:80`, '--', 'sh', '-c', upAndDown, 'sh', ...project],
      { cwd: folder, timeoutMs: 55_000 },
    );
    expect(stdout, stderr).toContain(`heard ${service.marker}`);
    expect(exitCode).toBe(6);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each(composes)(
  '--compose puts a service of a plain project on the network, by its environment alone, with compose $version',
  async ({ compose }) => {
    const image = await ensureTestImage(new Docker());
    const folder = await mkdtemp(join(tmpdir(), 'lhf-compose-'));
    await using service = await listenTcp();
    try {
      await writeFile(join(folder, 'compose.yaml'), renderPlain(image, await mountNode(), program));
      const project = [...compose, '-p', `lhfplain${process.pid}`];
      const commandLine = [process.execPath, main, 'run', `${service.port}:80`, '--compose', 'caller', '--'];
      const upAndDown =
        'echo "files $COMPOSE_FILE"; "$@" up --abort-on-container-exit --exit-code-from caller; code=$?; "$@" down; exit $code';
      const { stdout, stderr, exitCode } = await execHere([...commandLine, 'sh', '-c', upAndDown, 'sh', ...project], {
        cwd: folder,
        timeoutMs: 55_000,
      });
      expect(stdout, stderr).toContain(`heard ${service.marker}`);
      expect(exitCode).toBe(6);
      const [, override = ''] = /^files \S+:(\S+)$/m.exec(stdout) ?? [];
      expect(override).toMatch(/\/lhf-compose-lhf-\w{8}-/);
      expect(existsSync(override)).toBe(false);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

it.each(composes)('an override of the API’s is read by compose $version as it is meant', async ({ compose }) => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-compose-'));
  await using net = await openLocalhostForward(8088, { verify: false, hostname: ['host.docker.internal', 'api.test'] });
  try {
    await writeFile(join(folder, 'compose.yaml'), renderPlain('any', [], program));
    await writeFile(join(folder, 'override.yaml'), net.composeOverride(['caller']));
    const config = [...compose, '-p', 'any', '-f', 'compose.yaml', '-f', 'override.yaml', 'config'];
    const { stdout, stderr, exitCode } = await execHere(config, { cwd: folder });
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/external: true/);
    expect(stdout).toContain(`name: ${net.networkName}`);
    for (const hostname of net.hostnames)
      expect(stdout).toMatch(new RegExp(String.raw`${hostname}(?:=|: ?)${net.gateway}$`, 'm'));
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('a run that is killed leaves no override', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-compose-'));
  try {
    await writeFile(join(folder, 'compose.yaml'), renderPlain('any', [], program));
    const words = [
      'run',
      '0',
      '--no-verify',
      '--compose',
      'caller',
      '--',
      'sh',
      '-c',
      'echo "files $COMPOSE_FILE"; exec cat',
    ];
    await using run = spawnScript({ file: main, args: words, cwd: folder });
    const override = (await run.waitForLine(/^files /)).split(':').at(-1) ?? '';
    expect(existsSync(override)).toBe(true);
    await run.kill('SIGKILL');
    await until(async () => !existsSync(override), { what: 'its override to be removed' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
