import { runInThisContext } from 'node:vm';
import type Docker from 'dockerode';
import { LocalhostForwardError } from '../errors.ts';
import { isForFiles, tooFewFiles } from '../host/allowed.ts';
import type { Connection } from './endpoint.ts';
import { requireWebAssembly } from './web-assembly.ts';

/** The main context, which no test runner has replaced anything in. */
const { process: real } = runInThisContext('globalThis') as typeof globalThis;

/**
 * A client that has not asked the engine anything yet. dockerode is loaded when it is used, since it costs more than the rest of this
 * package together, and by Node's own loader: a test runner's would give it the mocks of its test file, and load it again for each.
 */
export const openDocker = (options: Connection | Docker.DockerOptions): Docker => {
  const { rejectUnauthorized, ...connection } = options as Connection;
  if (connection.protocol === 'ssh') requireWebAssembly();
  const Client = loadClient();
  const hasAddress = connection.socketPath !== undefined || connection.host !== undefined;
  const agent =
    rejectUnauthorized === false
      ? { agent: new (real.getBuiltinModule('node:https').Agent)({ rejectUnauthorized }) }
      : {};
  return hasAddress ? withoutVariables(() => new Client({ ...connection, ...agent })) : new Client(options);
};

const loadClient = (): typeof Docker => {
  try {
    const require = real.getBuiltinModule('node:module').createRequire(import.meta.url);
    loadLater(require, 'dockerode/lib/session');
    loadLater(real.getBuiltinModule('node:module').createRequire(require.resolve('dockerode')), 'docker-modem/lib/ssh');
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
 * dockerode brings gRPC for images that are built by BuildKit, and ssh2 for an engine behind ssh, which together take longer to
 * load than all the rest of it: each is loaded when it is first called. A version of dockerode that has no such part is left alone.
 */
const loadLater = (require: NodeJS.Require, part: string): void => {
  let id: string;
  try {
    id = require.resolve(part);
  } catch {
    return;
  }
  if (require.cache[id] !== undefined) return;
  const later = (...args: readonly unknown[]): unknown => {
    // Somebody else may have it by now.
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
