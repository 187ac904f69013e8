import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lookForEngines, startOf, tellOfInstalled, type Installed } from '../../../src/engine/installed.ts';

const bare: Installed = { platform: 'linux', isRoot: false, sockets: [], hasDocker: false, hasPodman: false };
const socket = { of: 'a rootless Docker', path: '/run/user/7/docker.sock', advice: 'systemctl --user start docker' };

test.each<[string, Partial<Installed>, string]>([
  [
    'a socket that nobody named',
    { sockets: [socket], hasDocker: true },
    'export DOCKER_HOST=unix:///run/user/7/docker.sock',
  ],
  ['Docker that does not run', { hasDocker: true, hasPodman: true }, 'sudo systemctl start docker'],
  ['Podman alone', { hasPodman: true }, 'systemctl --user start podman.socket'],
  ['Podman alone, for root', { hasPodman: true, isRoot: true }, 'systemctl start podman.socket'],
  ['neither', {}, 'curl -fsSL https://get.docker.com | sh'],
  ['Docker on macOS', { platform: 'darwin', hasDocker: true }, 'open -a Docker'],
  ['Windows', { platform: 'win32' }, 'docker desktop start'],
  ['neither on macOS', { platform: 'darwin' }, 'brew install --cask docker'],
])('%s', (_, installed, advice) => {
  expect(tellOfInstalled({ ...bare, ...installed }).try).toBe(advice);
});

test('a socket is looked for where this user has it, the engine before Podman, and nothing else is taken for one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lhf-installed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const env = { XDG_RUNTIME_DIR: folder, PATH: '' };
  const look = () =>
    lookForEngines(env)
      .sockets.map(({ path }) => path)
      .filter((path) => path.startsWith(folder));
  mkdirSync(join(folder, 'podman'));
  mkdirSync(join(folder, 'docker.sock'));
  expect(look()).toEqual([]);
  rmdirSync(join(folder, 'docker.sock'));
  const paths = ['podman/podman.sock', 'docker.sock'].map((name) => join(folder, name));
  for (const path of paths) {
    const server = createServer().listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
  }
  expect(look()).toEqual(paths.toReversed());
  expect(paths.map((path) => startOf(`unix://${path}`, env))).toEqual([
    'systemctl --user start podman.socket',
    'systemctl --user start docker',
  ]);
  expect(startOf('unix:///var/run/docker.sock', env)).toBeUndefined();
});
