import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { tellOfInstalled, lookForEngines, type Installed } from '../../../src/engine/installed.ts';

const bare: Installed = { platform: 'linux', isRoot: false, sockets: [], hasDocker: false, hasPodman: false };
const socket = { of: 'a rootless Docker', path: '/run/user/7/docker.sock' };

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
  ['neither on macOS', { platform: 'darwin' }, 'brew install --cask docker'],
])('%s', (_, installed, advice) => {
  expect(tellOfInstalled({ ...bare, ...installed }).try).toBe(advice);
});

test('a socket is looked for where this user has it, the engine before Podman', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lhf-installed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const look = () =>
    lookForEngines({ XDG_RUNTIME_DIR: folder, PATH: '' }).sockets.filter(({ path }) => path.startsWith(folder));
  expect(look()).toEqual([]);
  mkdirSync(join(folder, 'podman'));
  for (const name of ['podman/podman.sock', 'docker.sock']) writeFileSync(join(folder, name), '');
  expect(look()).toEqual([
    { of: 'a rootless Docker', path: join(folder, 'docker.sock') },
    { of: 'a rootless Podman', path: join(folder, 'podman/podman.sock') },
  ]);
});
