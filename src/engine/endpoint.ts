import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LocalhostForwardError } from '../errors.ts';
import { homeFolder } from '../host/home.ts';
import { defaultUrl, parseAddress } from './address.ts';

/** Where an engine answers. */
export interface Endpoint {
  /** `unix://`, `npipe://`, `ssh://`, or `tcp://` with host, port, and a path where the API is below one. */
  readonly url: string;
  readonly tls?: {
    readonly folder: string;
    /** Whether the engine must prove who it is. */
    readonly verify: boolean;
  };
}

/** Where the engine answers, as the docker command line finds it: `DOCKER_HOST`, then the chosen context, then the usual socket. */
export const readEndpoint = (env: NodeJS.ProcessEnv = process.env): Endpoint => {
  const folder = configFolder(env);
  // Empty variables are none, to the docker command line too.
  const host = env['DOCKER_HOST'] || undefined;
  const context = contextOf(env);
  if (host === undefined && context !== 'default') return readContext(context, folder);
  const tls = readTls(env, folder);
  const url = parseAddress(host ?? '', tls === undefined ? defaultUrl : 'tcp://localhost:2376');
  // Other processes of ours have other working directories.
  const absolute = url.replace(/^unix:\/\/(?!\/)(.*)$/s, (_, path: string) => `unix://${resolve(path)}`);
  return { url: absolute, ...withTls(absolute, tls) };
};

/** What chose the engine, where that is not simply the usual one. */
export interface ChosenBy {
  readonly what: string;
  /** The command by which the usual one is taken. */
  readonly otherwise: string;
}

export const readChoice = (env: NodeJS.ProcessEnv = process.env): ChosenBy | undefined => {
  const host = env['DOCKER_HOST'];
  if (host) return { what: `DOCKER_HOST is ${host}`, otherwise: 'unset DOCKER_HOST' };
  const context = contextOf(env);
  return context === 'default'
    ? undefined
    : { what: `the docker context is ${context}`, otherwise: 'docker context use default' };
};

const contextOf = (env: NodeJS.ProcessEnv): string =>
  env['DOCKER_CONTEXT'] || readField(join(configFolder(env), 'config.json'), 'currentContext') || 'default';

const configFolder = (env: NodeJS.ProcessEnv): string => env['DOCKER_CONFIG'] || join(homeFolder() ?? '', '.docker');

const readTls = (env: NodeJS.ProcessEnv, folder: string): Endpoint['tls'] => {
  const verify = Boolean(env['DOCKER_TLS_VERIFY']);
  if (!verify && !env['DOCKER_TLS']) return undefined;
  const certificates = env['DOCKER_CERT_PATH'] || folder;
  const authority = join(certificates, 'ca.pem');
  if (existsSync(authority)) return { folder: certificates, verify };
  throw new LocalhostForwardError('LHF_ERR_DOCKER_UNAVAILABLE', {
    what: `${verify ? 'DOCKER_TLS_VERIFY' : 'DOCKER_TLS'} asks for TLS, and there is no ${authority}`,
    try: `DOCKER_CERT_PATH=<the folder with ca.pem> docker info`,
  });
};

const readContext = (context: string, folder: string): Endpoint => {
  const id = createHash('sha256').update(context).digest('hex');
  const meta = readJson(join(folder, 'contexts', 'meta', id, 'meta.json')) as
    | { Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } } }
    | undefined;
  const { Host, SkipTLSVerify = false } = meta?.Endpoints?.docker ?? {};
  if (meta === undefined || Host === undefined) throw noContext(context, folder);
  const certificates = join(folder, 'contexts', 'tls', id, 'docker');
  const isEncrypted = SkipTLSVerify || existsSync(certificates);
  return { url: Host, ...withTls(Host, isEncrypted ? { folder: certificates, verify: !SkipTLSVerify } : undefined) };
};

// Sockets are never encrypted.
const withTls = (url: string, tls: Endpoint['tls']): Pick<Endpoint, 'tls'> =>
  tls === undefined || !url.startsWith('tcp:') ? {} : { tls };

// Another engine than the one that was chosen would be worse than none.
const noContext = (context: string, folder: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_DOCKER_UNAVAILABLE', {
    what: `The docker context ${context} is not in ${folder}`,
    try: 'docker context ls',
  });

/** How this package's client reaches an engine: plain values, which the guardian gets as well. */
export interface Connection {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: string | number;
  readonly protocol?: 'http' | 'https' | 'ssh';
  readonly username?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** What all paths begin with, as dockerode takes it. */
  readonly version?: string;
  /** False where the engine need not prove who it is. Default: true. */
  readonly rejectUnauthorized?: boolean;
}

/** @throws Error where certificates cannot be read. */
export const connectionOf = ({ url, tls }: Endpoint): Connection => {
  if (url.startsWith('unix://')) return { socketPath: url.slice('unix://'.length) };
  if (url.startsWith('npipe://')) return { socketPath: url.slice('npipe://'.length) };
  const { hostname, port, username, protocol, pathname } = new URL(url);
  if (protocol === 'ssh:')
    return { protocol: 'ssh', host: hostname, port: port || 22, ...(username === '' ? {} : { username }) };
  const prefix = pathname.replaceAll(/^\/+|\/+$/g, '');
  return {
    host: hostname,
    port: port || (protocol === 'https:' ? 443 : 2375),
    protocol: tls === undefined && protocol !== 'https:' ? 'http' : 'https',
    ...(prefix === '' ? {} : { version: prefix }),
    ...(tls === undefined ? {} : readCertificates(tls)),
  };
};

// Who checks the engine needs its authority; a client's own certificate is for engines that ask for one.
const readCertificates = ({ folder, verify }: Required<Endpoint>['tls']): Partial<Connection> => {
  const read = (name: string): string | undefined => {
    const path = join(folder, `${name}.pem`);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  };
  const [ca, cert, key] = [read('ca'), read('cert'), read('key')];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    ...(verify ? {} : { rejectUnauthorized: false }),
  };
};

const readField = (path: string, field: string): string | undefined => {
  const value = (readJson(path) as Record<string, unknown> | undefined)?.[field];
  return typeof value === 'string' ? value : undefined;
};

const readJson = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

/** As `DOCKER_HOST` would name it. */
export const describeEndpoint = ({ socketPath, host, port, protocol }: Connection): string =>
  socketPath === undefined
    ? `${protocol === 'http' ? 'tcp' : String(protocol)}://${String(host)}:${String(port)}`
    : `${/^[/\\]{2}[.?]/.test(socketPath) ? 'npipe' : 'unix'}://${socketPath}`;
