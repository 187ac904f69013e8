import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, systemPath } from '../command/find-program.ts';
import type { ErrorText } from '../errors.ts';
import { homeFolder } from '../host/home.ts';

/** An engine's socket that is not where engines usually are. */
export interface OtherSocket {
  readonly of: string;
  readonly path: string;
}

/** What this machine has of engines. */
export interface Installed {
  readonly platform: NodeJS.Platform;
  readonly isRoot: boolean;
  /** Where an engine may answer that nobody has named, the likeliest first. */
  readonly sockets: readonly OtherSocket[];
  readonly hasDocker: boolean;
  readonly hasPodman: boolean;
}

/** Looks for what an engine has put here, where the usual socket is missing. Nothing is asked, and nothing is started. */
export const lookForEngines = (env: NodeJS.ProcessEnv = process.env): Installed => {
  const uid = process.getuid?.() ?? 0;
  const has = (name: string): boolean =>
    findProgram(name, [
      ...systemPath.split(':'),
      ...(env['PATH'] ?? '').split(':').filter((one) => one.startsWith('/')),
    ]) !== undefined;
  return {
    platform: process.platform,
    isRoot: uid === 0,
    sockets: placesOf(env['XDG_RUNTIME_DIR'] || `/run/user/${uid}`, homeFolder() ?? '/').filter(({ path }) =>
      existsSync(path),
    ),
    hasDocker: has('dockerd') || has('docker'),
    hasPodman: has('podman'),
  };
};

/** Where engines put their sockets: as each one's own documentation says. */
const placesOf = (runtime: string, home: string): readonly OtherSocket[] => [
  { of: 'a rootless Docker', path: join(runtime, 'docker.sock') },
  { of: 'Docker Desktop', path: join(home, '.docker/run/docker.sock') },
  { of: 'Docker Desktop', path: join(home, '.docker/desktop/docker.sock') },
  { of: 'OrbStack', path: join(home, '.orbstack/run/docker.sock') },
  { of: 'Colima', path: join(home, '.colima/default/docker.sock') },
  { of: 'Rancher Desktop', path: join(home, '.rd/docker.sock') },
  { of: 'a rootless Podman', path: join(runtime, 'podman/podman.sock') },
  { of: 'Podman', path: '/run/podman/podman.sock' },
];

/** What to do where the usual socket is missing: take the one that is there, start what is installed, or install it. Pure. */
export const tellOfInstalled = ({
  platform,
  isRoot,
  sockets: [socket],
  hasDocker,
  hasPodman,
}: Installed): Required<Pick<ErrorText, 'evidence' | 'try'>> => {
  if (socket !== undefined)
    return {
      evidence: [`there is a socket of ${socket.of}, which nobody has named`],
      try: `export DOCKER_HOST=unix://${socket.path}`,
    };
  if (platform === 'darwin') return { evidence: [], try: hasDocker ? 'open -a Docker' : 'brew install --cask docker' };
  if (hasDocker || platform !== 'linux') return { evidence: [], try: 'sudo systemctl start docker' };
  if (!hasPodman)
    return { evidence: ['neither docker nor podman is installed here'], try: 'curl -fsSL https://get.docker.com | sh' };
  return {
    evidence: ['podman is installed, which answers once its socket is there'],
    try: isRoot ? 'systemctl start podman.socket' : 'systemctl --user start podman.socket',
  };
};
