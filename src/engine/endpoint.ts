import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { DockerOptions } from 'dockerode';
import { LocalhostForwardError } from '../errors.ts';

/** Where the engine answers, as the docker command line finds it: `DOCKER_HOST`, then the chosen context, then the usual socket. */
export const readEndpoint = (env: NodeJS.ProcessEnv = process.env): { url: string; tlsPath?: string } => {
  const host = env['DOCKER_HOST'];
  if (host !== undefined && host !== '')
    return {
      url: host,
      ...tlsOf(env['DOCKER_TLS_VERIFY'] ? env['DOCKER_CERT_PATH'] || join(homedir(), '.docker') : undefined),
    };
  // Empty variables are none, to the docker command line too.
  const folder = env['DOCKER_CONFIG'] || join(homedir(), '.docker');
  const context = env['DOCKER_CONTEXT'] || readField(join(folder, 'config.json'), 'currentContext') || 'default';
  if (context === 'default') return { url: defaultUrl };
  const id = createHash('sha256').update(context).digest('hex');
  const meta = readJson(join(folder, 'contexts', 'meta', id, 'meta.json')) as
    | { Endpoints?: { docker?: { Host?: string } } }
    | undefined;
  const url = meta?.Endpoints?.docker?.Host;
  if (url === undefined) throw noContext(context, folder);
  const tlsPath = join(folder, 'contexts', 'tls', id, 'docker');
  return { url, ...tlsOf(url.startsWith('tcp:') && existsSync(tlsPath) ? tlsPath : undefined) };
};

// Another engine than the one that was chosen would be worse than none.
const noContext = (context: string, folder: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_DOCKER_UNAVAILABLE', {
    what: `The docker context ${context} is not in ${folder}`,
    try: 'docker context ls',
  });

const defaultUrl = process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock';

/** The endpoint as dockerode's options. */
export const dockerOptionsOf = ({ url, tlsPath }: { url: string; tlsPath?: string }): DockerOptions => {
  if (url.startsWith('unix://')) return { socketPath: url.slice('unix://'.length) };
  if (url.startsWith('npipe://')) return { socketPath: url.slice('npipe://'.length) };
  const { hostname, port, username, protocol } = new URL(url.includes('://') ? url : `tcp://${url}`);
  if (protocol === 'ssh:')
    return { protocol: 'ssh', host: hostname, port: port || 22, ...(username === '' ? {} : { username }) };
  const tls =
    tlsPath === undefined
      ? {}
      : { ca: readPem(tlsPath, 'ca.pem'), cert: readPem(tlsPath, 'cert.pem'), key: readPem(tlsPath, 'key.pem') };
  return {
    host: hostname,
    port: port || (tlsPath === undefined ? 2375 : 2376),
    protocol: tlsPath === undefined && protocol !== 'https:' ? 'http' : 'https',
    ...tls,
  };
};

const tlsOf = (tlsPath: string | undefined): { tlsPath?: string } => (tlsPath === undefined ? {} : { tlsPath });

const readPem = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8');

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
