import { runInThisContext } from 'node:vm';
import type Docker from 'dockerode';
import { LocalhostForwardError } from '../errors.ts';
import { isForFiles, tooFewFiles } from '../host/allowed.ts';
import type { Connection } from './endpoint.ts';

/** The main context, which no test runner has replaced anything in. */
const { process: real } = runInThisContext('globalThis') as typeof globalThis;

/**
 * A client that has not asked the engine anything yet. dockerode is loaded when it is used, since it costs more than the rest of this
 * package together, and by Node's own loader: a test runner's would give it the mocks of its test file, and load it again for each.
 */
export const openDocker = (options: Connection | Docker.DockerOptions): Docker => {
  const Client = loadClient();
  const { rejectUnauthorized, ...connection } = options as Connection;
  const hasAddress = connection.socketPath !== undefined || connection.host !== undefined;
  const agent =
    rejectUnauthorized === false
      ? { agent: new (real.getBuiltinModule('node:https').Agent)({ rejectUnauthorized }) }
      : {};
  return hasAddress ? withoutVariables(() => new Client({ ...connection, ...agent })) : new Client(options);
};

const loadClient = (): typeof Docker => {
  // What it loads of ssh2 begins some by itself, and ends the process where there is none.
  if (runInThisContext('typeof WebAssembly') === 'undefined')
    throw new LocalhostForwardError('LHF_ERR_SYSTEM', {
      what: "The engine's client, dockerode, cannot be loaded: this Node has no WebAssembly",
      try: 'node without --jitless',
    });
  try {
    const require = real.getBuiltinModule('node:module').createRequire(import.meta.url);
    buildLater(require);
    return require('dockerode') as typeof Docker;
  } catch (error) {
    if (isForFiles(error)) throw tooFewFiles(String(error), error);
    throw new LocalhostForwardError(
      'LHF_ERR_SYSTEM',
      {
        what: `The engine's client, dockerode, cannot be loaded: ${String(error)}`,
        try: 'npm ls dockerode',
      },
      { cause: error },
    );
  }
};

/**
 * dockerode brings gRPC for images that are built by BuildKit, which takes longer to load than all the rest of it: it is loaded when the first
 * such build asks for it. Another version of dockerode that has no such part is left alone.
 */
const buildLater = (require: NodeJS.Require): void => {
  const part = 'dockerode/lib/session';
  let id: string;
  try {
    id = require.resolve(part);
  } catch {
    return;
  }
  if (require.cache[id] !== undefined) return;
  const later = (...args: readonly unknown[]): unknown => {
    // A build of somebody else's may have it by now.
    if (require.cache[id] === module) Reflect.deleteProperty(require.cache, id);
    return (require(part) as (...given: readonly unknown[]) => unknown)(...args);
  };
  const { Module } = real.getBuiltinModule('node:module');
  const module = Object.assign(new Module(id), { filename: id, loaded: true, exports: later });
  require.cache[id] = module;
};

// Whatever address it is given, dockerode mixes DOCKER_HOST and its certificates in, and reads them in its own way.
const withoutVariables = <T>(make: () => T): T => {
  const { env } = real;
  const { DOCKER_CLIENT_TIMEOUT, SSH_AUTH_SOCK } = env;
  real.env = {
    ...(DOCKER_CLIENT_TIMEOUT && { DOCKER_CLIENT_TIMEOUT }),
    ...(SSH_AUTH_SOCK && { SSH_AUTH_SOCK }),
  };
  try {
    return make();
  } finally {
    real.env = env;
  }
};
