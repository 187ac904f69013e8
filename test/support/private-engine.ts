import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeOwner } from '../../src/ownership/judge-owner.ts';
import { parseSession, readOwner, renderSession } from '../../src/ownership/owner.ts';
import { removeCgroups } from './cgroups.ts';
import { cgroupOf, startEngine, stopEngine } from './engine-daemon.ts';
import { openNamespaces } from './namespaces.ts';
import { environmentIn, type Place, socketPathIn } from './place.ts';
import { execWith, type Spawn } from './run.ts';

export interface PrivateEngineOptions {
  /** Further arguments of dockerd, such as `--userland-proxy=false`. */
  readonly dockerdArgs?: readonly string[];
  /** Default true; with false, only the namespaces are there until `startEngine()`. */
  readonly start?: boolean;
}

/** A whole Docker engine with a network, mounts and processes of its own. */
export interface PrivateEngine extends Place, AsyncDisposable {
  startEngine(): Promise<void>;
  /** SIGTERM by default, which stops its containers; SIGKILL leaves them running. */
  stopEngine(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  restartEngine(): Promise<void>;
  /** Kills all that is in it and removes what it had on the host. */
  stop(): Promise<void>;
}

const prefix = 'lhf-engine-';

/**
 * Starts a second engine that shares no rule, interface or container with the host's. It dies with this process, even by
 * SIGKILL; what then stays of it is a directory and empty cgroups, which the next start removes.
 */
export const startPrivateEngine = async (options: PrivateEngineOptions = {}): Promise<PrivateEngine> => {
  await sweepDeadEngines();
  const directory = await mkdtemp(join(tmpdir(), prefix));
  await writeFile(join(directory, 'owner'), renderSession(readOwner()));
  // Tests with users other than root reach the socket through it.
  await chmod(directory, 0o711);
  try {
    return await openEngine(directory, options);
  } catch (error) {
    await removeTraces(directory);
    throw error;
  }
};

const openEngine = async (
  directory: string,
  { dockerdArgs = [], start = true }: PrivateEngineOptions,
): Promise<PrivateEngine> => {
  const namespaces = await openNamespaces(directory);
  const env = environmentIn(directory);
  const spawn: Spawn = (argv, given = {}) => namespaces.spawn(argv, { ...given, env: { ...env, ...given.env } });
  const place: Place = { directory, socketPath: socketPathIn(directory), env, spawn, exec: execWith(spawn) };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= namespaces.close().then(() => removeTraces(directory)));
  const engine: PrivateEngine = {
    ...place,
    startEngine: () => startEngine(place, dockerdArgs),
    stopEngine: (signal) => stopEngine(place, signal),
    restartEngine: async () => {
      await stopEngine(place);
      await startEngine(place, dockerdArgs);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
  try {
    if (start) await engine.startEngine();
    return engine;
  } catch (error) {
    await namespaces.close();
    throw error;
  }
};

const removeTraces = async (directory: string): Promise<void> => {
  await removeCgroups(cgroupOf(directory));
  await rm(directory, { recursive: true, force: true });
};

const sweepDeadEngines = async (): Promise<void> => {
  const names = (await readdir(tmpdir())).filter((name) => name.startsWith(prefix));
  const directories = names.map((name) => join(tmpdir(), name));
  await Promise.all(directories.map(async (directory) => (await isDead(directory)) && removeTraces(directory)));
};

const isDead = async (directory: string): Promise<boolean> => {
  try {
    const owner = parseSession(await readFile(join(directory, 'owner'), 'utf8'));
    // One without an owner may be in the making.
    return owner ? judgeOwner(owner).state === 'dead' : (await stat(directory)).mtimeMs < Date.now() - 60_000;
  } catch {
    return false;
  }
};
