import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, systemPath } from '../command/find-program.ts';
import type { ErrorText } from '../errors.ts';
import { homeFolder } from '../host/home.ts';

/** An engine's socket that is not where engines usually are. */
export interface OtherSocket {
  readonly of: string;
  readonly path: string;
  /** The command by which it comes to be there. */
  readonly advice: string;
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
    sockets: placesFor(env).filter(({ path }) => mayBeAsked(path)),
    // Podman brings a command of that name, too.
    hasDocker: has('dockerd') || (has('docker') && !has('podman')),
    hasPodman: has('podman'),
  };
};

/** How the engine is started whose socket this is, where it has its own place for it. */
export const startOf = (endpoint: string, env: NodeJS.ProcessEnv = process.env): string | undefined =>
  placesFor(env).find(({ path }) => endpoint === `unix://${path}`)?.advice;

const placesFor = (env: NodeJS.ProcessEnv): readonly OtherSocket[] =>
  placesOf(env['XDG_RUNTIME_DIR'] || `/run/user/${process.getuid?.() ?? 0}`, homeFolder() ?? '/');

const mayBeAsked = (path: string): boolean => {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return statSync(path).isSocket();
  } catch {
    return false;
  }
};

/** Where engines put their sockets: as each one's own documentation says. */
const placesOf = (runtime: string, home: string): readonly OtherSocket[] => [
  { of: 'a rootless Docker', path: join(runtime, 'docker.sock'), advice: 'systemctl --user start docker' },
  { of: 'Docker Desktop', path: join(home, '.docker/run/docker.sock'), advice: 'open -a Docker' },
  {
    of: 'Docker Desktop',
    path: join(home, '.docker/desktop/docker.sock'),
    advice: 'systemctl --user start docker-desktop',
  },
  { of: 'OrbStack', path: join(home, '.orbstack/run/docker.sock'), advice: 'open -a OrbStack' },
  { of: 'Colima', path: join(home, '.colima/default/docker.sock'), advice: 'colima start' },
  { of: 'Rancher Desktop', path: join(home, '.rd/docker.sock'), advice: 'rdctl start' },
  {
    of: 'a rootless Podman',
    path: join(runtime, 'podman/podman.sock'),
    advice: 'systemctl --user start podman.socket',
  },
  { of: 'Podman', path: '/run/podman/podman.sock', advice: 'sudo systemctl start podman.socket' },
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
  if (platform === 'win32') return { evidence: [], try: 'docker desktop start' };
  if (hasDocker) return { evidence: [], try: 'sudo systemctl start docker' };
  if (!hasPodman)
    return { evidence: ['neither docker nor podman is installed here'], try: 'curl -fsSL https://get.docker.com | sh' };
  return {
    evidence: ['podman is installed, which answers once its socket is there'],
    try: isRoot ? 'systemctl start podman.socket' : 'systemctl --user start podman.socket',
  };
};
