import { statSync } from 'node:fs';
import { isLocalhostForwardError, LocalhostForwardError, textOf, type ErrorText } from '../errors.ts';
import { defaultUrl } from './address.ts';
import { connectionOf, describeEndpoint, readChoice, readEndpoint, type ChosenBy } from './endpoint.ts';
import { isRemote } from './identify.ts';
import { lookForEngines, startOf, tellOfInstalled } from './installed.ts';
import { isInContainer } from './own-container.ts';

/** The coded error for an engine that does not answer. */
export const dockerUnavailable = (cause: unknown, endpoint: string): LocalhostForwardError =>
  isLocalhostForwardError(cause)
    ? cause
    : new LocalhostForwardError('LHF_ERR_DOCKER_UNAVAILABLE', describeUnavailable(cause, endpoint), { cause });

/** The coded error for an engine that says something else than an answer to a call. */
export const nonsense = (call: string, words: string, endpoint: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_DOCKER_UNAVAILABLE', {
    what: `What answers at ${endpoint} is no Docker engine: to ${call} it says ${words}`,
    try: `docker -H ${endpoint} version`,
  });

// The docker command line asks them for engines on other hosts; this package does not.
const proxiesHere = (env: NodeJS.ProcessEnv = process.env): string[] =>
  ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'].flatMap((name) =>
    env[name] ? [`${name} is set, by which docker may reach it: this package asks no proxy`] : [],
  );

/** What an engine's silence means, and what to do about it. */
export const describeUnavailable = (
  cause: unknown,
  endpoint: string,
  isContained = isInContainer(),
): Required<ErrorText> => {
  if (isLocalhostForwardError(cause)) return { evidence: [], try: 'docker info', ...textOf(cause) };
  const { code, message } = cause as NodeJS.ErrnoException;
  const source = sourceOf(endpoint);
  const denied = code === 'EACCES' || code === 'EPERM';
  const missing = code === 'ENOENT' && endpoint === defaultUrl;
  const installed = missing && !isContained ? tellOfInstalled(lookForEngines()) : undefined;
  // In a container nothing is started by which a socket comes to be there.
  const start = !isContained && (code === 'ENOENT' || code === 'ECONNREFUSED') ? startOf(endpoint) : undefined;
  return {
    what: `No Docker engine answers at ${endpoint}: ${denied ? 'this user may not open the socket' : message || code}`,
    evidence: [
      ...(denied && !isContained ? ['who is put into the group docker has it after the next log-in'] : []),
      ...(isContained && (denied || missing)
        ? ['this process is in a container, which has what it was started with']
        : []),
      ...(source === undefined ? [] : [source.what]),
      ...(installed?.evidence ?? []),
      ...(isRemote(endpoint) ? proxiesHere() : []),
    ],
    try: denied
      ? adviceOnDenial(endpoint, isContained)
      : missing && isContained
        ? 'docker run -v /var/run/docker.sock:/var/run/docker.sock …'
        : (installed?.try ?? start ?? adviceOn({ code, message }, endpoint, source)),
  };
};

const adviceOnDenial = (endpoint: string, isContained: boolean): string =>
  isContained ? `docker run --group-add ${groupOf(endpoint)} …` : 'sudo usermod -aG docker "$USER"';

/** A container's groups are others than the host's: the socket's is known by its number alone, where its folder may be looked into. */
const groupOf = (endpoint: string): number | 'docker' => {
  try {
    return statSync(endpoint.replace(/^unix:\/\//, '')).gid;
  } catch {
    return 'docker';
  }
};

/** What named an engine that is not where engines usually are: what is not there is no service to be started. */
const sourceOf = (endpoint: string): ChosenBy | undefined => {
  try {
    const chosen = readChoice();
    return chosen !== undefined && describeEndpoint(connectionOf(readEndpoint())) === endpoint ? chosen : undefined;
  } catch {
    return undefined;
  }
};

const adviceOn = (
  { code, message }: Pick<NodeJS.ErrnoException, 'code' | 'message'>,
  endpoint: string,
  source: ChosenBy | undefined,
): string => {
  // In the words of nock, which stands in the way of every request when it is told so.
  const forbidden = /^Nock: Disallowed net connect for "([^"/]+)/.exec(message)?.[1];
  if (forbidden !== undefined) return `nock.enableNetConnect('${forbidden}')`;
  if (source !== undefined && endpoint !== defaultUrl) return source.otherwise;
  return endpoint.startsWith('unix:')
    ? `sudo systemctl ${code === 'ETIMEDOUT' ? 'restart' : 'start'} docker`
    : `docker -H ${endpoint} info`;
};
