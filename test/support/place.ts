import { execWith, type Exec, type Spawn, spawnHere } from './run.ts';

/** A private engine's surroundings: where commands run, and how they find the engine. */
export interface Place {
  /** Its directory, the same path on both sides. */
  readonly directory: string;
  /** The engine's socket, reachable from both sides. */
  readonly socketPath: string;
  /** What a command needs to find the engine; every `exec` and `spawn` has it already. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs a command in the namespaces and collects what it prints. */
  readonly exec: Exec;
  /** Starts a command in the namespaces; `kill` on the child reaches the command itself. */
  readonly spawn: Spawn;
}

/** Names the place to the processes in it. */
const placeVariable = 'LHF_TEST_ENGINE_DIRECTORY';

export const socketPathIn = (directory: string): string => `${directory}/docker.sock`;

/** The environment that leads to the engine in `directory` and to no other; temporary files go where they vanish with it. */
export const environmentIn = (directory: string): Readonly<Record<string, string | undefined>> => ({
  DOCKER_HOST: `unix://${socketPathIn(directory)}`,
  DOCKER_CONTEXT: undefined,
  DOCKER_TLS_VERIFY: undefined,
  DOCKER_CERT_PATH: undefined,
  TMPDIR: `${directory}/private/tmp`,
  [placeVariable]: directory,
});

/** The private engine that this process runs in, or undefined on the host. */
export const currentPlace = (): Place | undefined => {
  const directory = process.env[placeVariable];
  if (directory === undefined) return undefined;
  const spawn = spawnHere;
  return {
    directory,
    socketPath: socketPathIn(directory),
    env: environmentIn(directory),
    spawn,
    exec: execWith(spawn),
  };
};

/** The private engine that this process runs in; throws on the host, whose firewall no test may touch. */
export const requirePlace = (): Place => {
  const place = currentPlace();
  if (!place)
    throw new Error(
      'This test changes a firewall: run it by `node test/support/run-in-private-engine.ts -- <command>`',
    );
  return place;
};
