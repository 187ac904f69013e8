import { LocalhostForwardError } from '../errors.ts';

/** Where the engine answers when nobody says anything else. */
export const defaultUrl =
  process.platform === 'win32' ? 'npipe:////./pipe/docker_engine' : 'unix:///var/run/docker.sock';

/**
 * An address as `DOCKER_HOST` has it, made whole as the docker command line does: `host:port` is TCP, what is missing of a TCP address is
 * `localhost` or 2375, and nothing at all is `otherwise`.
 *
 * @throws LHF_ERR_DOCKER_UNAVAILABLE for what the docker command line refuses as well.
 */
export const parseAddress = (value: string, otherwise: string = defaultUrl): string => {
  const address = value.trim();
  if (address === '') return otherwise;
  const [, scheme, rest] = /^(\w*):\/\/(.*)$/s.exec(address) ?? [undefined, 'tcp', address];
  if (rest.includes('://')) throw noAddress(value);
  if (scheme === 'unix') return rest === '' ? 'unix:///var/run/docker.sock' : address;
  if (scheme === 'npipe' && process.platform === 'win32') return rest === '' ? defaultUrl : address;
  if (scheme === 'ssh') return address;
  if (scheme === 'tcp') return parseTcp(rest, value);
  throw noAddress(value);
};

const parseTcp = (rest: string, value: string): string => {
  const [, authority = '', path = ''] = /^([^/]*)(.*)$/s.exec(rest) ?? [];
  const [, host = '', port = ''] = /^(?:[^@]*@)?(\[[\da-f:.%]+\](?=:)|[^:[\]\s]*)(?::(\d*))?$/i.exec(authority) ?? [];
  if ((host === '' && port === '' && authority !== '') || Number(port) > 65_535) throw noAddress(value);
  return `tcp://${host || 'localhost'}:${port || 2375}${path}`;
};

const noAddress = (value: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_DOCKER_UNAVAILABLE', {
    what: `DOCKER_HOST is no address of an engine that is known here: ${JSON.stringify(value)}`,
    evidence: ['known are unix:///path, tcp://host:port and ssh://user@host; TLS is asked for by DOCKER_TLS_VERIFY=1'],
    try: 'env -u DOCKER_HOST docker info',
  });
