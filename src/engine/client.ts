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
    return real.getBuiltinModule('node:module').createRequire(import.meta.url)('dockerode') as typeof Docker;
  } catch (error) {
    if (isForFiles(error)) throw tooFewFiles(String(error), error);
    const isForbidden = error instanceof EvalError || /code generation from strings/i.test(String(error));
    throw new LocalhostForwardError(
      'LHF_ERR_SYSTEM',
      {
        what: `The engine's client, dockerode, cannot be loaded: ${String(error)}`,
        try: isForbidden ? 'node without --disallow-code-generation-from-strings' : 'npm ls dockerode',
      },
      { cause: error },
    );
  }
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
