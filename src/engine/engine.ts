import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import { now } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { isLocalhostForwardError } from '../errors.ts';
import type { OwnerEngine } from '../ownership/owner.ts';
import { currentSession, type Session } from '../ownership/session.ts';
import type { EngineFacts } from './facts.ts';
import { findOwnContainer, shortId } from './own-container.ts';
import { openDocker } from './client.ts';
import { connectionOf, describeEndpoint, readEndpoint, type Connection, type Endpoint } from './endpoint.ts';
import { isElsewhere } from './elsewhere.ts';
import { isPodman, readEngineFacts, type EngineInfo } from './identify.ts';
import { limitCalls, underNoSignal } from './limit.ts';
import { dockerUnavailable } from './unavailable.ts';

/** A Docker engine that answered. */
export interface Engine {
  readonly docker: Docker;
  readonly facts: EngineFacts;
  /** The options by which another process of this machine reaches the same engine. */
  readonly connection: Connection;
  /** What tells it from other engines of this host, and what it knows of this process, for owners' marks. */
  readonly owner: Required<Pick<OwnerEngine, 'engine'>> & OwnerEngine;
}

const known = new Map<unknown, Promise<Engine>>();

/**
 * The engine behind the option `docker`, or the one that the docker command line would use.
 * Its facts are asked once per process and endpoint: none of them changes while it runs.
 *
 * @throws LHF_ERR_DOCKER_UNAVAILABLE where nothing answers, with the reason.
 */
export const connectEngine = async (given?: object): Promise<Engine> => {
  const option = given === undefined || isDocker(given) ? given : withAddress(given);
  const endpoint = option === undefined ? readEndpoint() : undefined;
  const key = endpoint === undefined && isDocker(option ?? {}) ? option : JSON.stringify(endpoint ?? option);
  const engine = known.get(key) ?? underNoSignal(() => connect(endpoint ?? (option as Docker | Docker.DockerOptions)));
  known.set(key, engine);
  // A failure is not a fact: the engine may be started in a moment.
  engine.catch(() => known.delete(key));
  return engine;
};

/** Options that tell no address are about the usual one: the docker command line, too, looks for our networks there. */
const withAddress = (options: Docker.DockerOptions): Docker.DockerOptions =>
  options.socketPath !== undefined || options.host !== undefined
    ? options
    : { ...connectionOf(readEndpoint()), ...withoutUndefined(options) };

const withoutUndefined = <T extends object>(options: T): Partial<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;

const connect = async (to: Endpoint | Docker | Docker.DockerOptions): Promise<Engine> => {
  const startedAt = now();
  const { docker: client, connection } = await openClient(to);
  const endpoint = describeEndpoint(connection);
  const docker = limitCalls(client, endpoint);
  try {
    const info = (await docker.info()) as EngineInfo;
    debug(`engine at ${endpoint}: ${info.ServerVersion}`, startedAt);
    const said = readEngineFacts(info, endpoint);
    const [job, isApart] = await Promise.all([findOwnContainer(docker), isElsewhere(docker, said)]);
    // A job's container has its own reason.
    const elsewhere = isApart && job === undefined;
    const owner = { engine: markOf(info), ...(job === undefined ? {} : { container: shortId(job.id) }) };
    return {
      docker,
      facts: { ...said, ...(elsewhere && { elsewhere }), ...(job && { job }) },
      connection,
      owner,
    };
  } catch (error) {
    throw dockerUnavailable(error, endpoint);
  }
};

const openClient = async (
  to: Endpoint | Docker | Docker.DockerOptions,
): Promise<{ docker: Docker; connection: Connection }> => {
  if (isDocker(to)) return { docker: to, connection: await readConnection(to) };
  const isEndpoint = 'url' in to;
  try {
    const options = isEndpoint ? connectionOf(to) : to;
    const docker = openDocker(options);
    return { docker, connection: isEndpoint ? (options as Connection) : await readConnection(docker) };
  } catch (error) {
    if (isLocalhostForwardError(error)) throw error;
    throw dockerUnavailable(error, isEndpoint ? to.url : 'the option `docker`');
  }
};

/** An engine's own id, which is kept where its images are; Podman has another one at each question, and one place to keep them. */
const markOf = (info: EngineInfo): string => {
  const id = [isPodman(info) ? info.Name : info.ID, info.DockerRootDir].join(' ');
  return createHash('sha256').update(id).digest('hex').slice(0, 6);
};

/** This process's session on an engine by some rights. */
export const sessionOn = ({ facts, owner }: Engine, privilege: string): Session =>
  currentSession(`${facts.endpoint} ${privilege}`, owner);

export const isDocker = (value: object): value is Docker => 'createNetwork' in value && 'modem' in value;

export const readConnection = async ({ modem }: Docker): Promise<Connection> => {
  const { socketPath, host, port, protocol, ca, cert, key, username, version } = modem as unknown as Record<
    string,
    unknown
  >;
  // `new Docker()` without options keeps a function there, which looks for the socket when it is first needed.
  const path: unknown = typeof socketPath === 'function' ? await (socketPath as () => unknown)() : socketPath;
  const options =
    path === undefined || path === null
      ? { host, port, protocol, ca, cert, key, username, version }
      : { socketPath: path };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== null));
};

/** The HTTP status of an engine's refusal, or undefined where it did not answer at all. */
export const statusOf = (error: unknown): number | undefined => {
  const status = (error as { statusCode?: unknown }).statusCode;
  return typeof status === 'number' ? status : undefined;
};

/** What is gone is no failure. @throws every other error */
export const ignoreGone = (error: unknown): void => {
  if (statusOf(error) !== 404) throw error;
};
