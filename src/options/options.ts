import { followSignal } from '../abort.ts';
import { defaultPool } from '../network/subnet.ts';
import { LocalhostForwardError } from '../errors.ts';
import { readDocker } from './docker.ts';
import { refuseMisspelt } from './environment.ts';
import { expected, readInteger, readObject, readOneOf, readSafely } from './expect.ts';
import { readHostnames, readImage, readLabels, readPool, readSubnet } from './names.ts';
import { parsePorts, type PlannedPort } from './ports.ts';
import { privilegeNames, strategyNames, type Privilege, type RequestListener, type Strategy } from '../types.ts';

export { parsePort, parsePortKey, parsePorts, type PlannedPort } from './ports.ts';

/** How one proof is made. */
export interface ProofOptions {
  /** Milliseconds. */
  readonly timeoutMs: number;
  /** Undefined: the host's own node in an empty image. */
  readonly image?: string;
}

/** Options with every default in place. */
export interface ResolvedOptions {
  readonly strategy: 'auto' | Strategy;
  readonly privilege: 'auto' | Privilege;
  readonly verify: false | ProofOptions;
  /** How later proofs are made, also where opening makes none. */
  readonly proof: ProofOptions;
  readonly listener: boolean | RequestListener;
  readonly hermetic: boolean;
  /** The first of the names: the one that urls have. */
  readonly hostname: string;
  readonly hostnames: readonly string[];
  readonly subnet: { readonly cidr: string } | undefined;
  readonly subnetPool: string;
  readonly firewall: 'adapt' | 'leave';
  readonly docker: object | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

const defaultTimeoutMs = 5000;

const optionNames = [
  'strategy',
  'privilege',
  'verify',
  'listener',
  'hermetic',
  'hostname',
  'subnet',
  'docker',
  'labels',
  'signal',
] as const;

/**
 * Checks everything that a user can say, before anything is done. Environment variables set defaults; an explicit option wins.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path or the variable.
 */
export const parseOpenArguments = (
  ports: unknown,
  options: unknown,
  env: NodeJS.ProcessEnv,
): { ports: PlannedPort[]; options: ResolvedOptions } => {
  const parsed = { ports: parsePorts(ports), options: parseOptions(options, env) };
  const onIpv6 = parsed.ports.find(({ protocol, hostAddress }) => protocol === 'tcp' && hostAddress === '::1');
  if (parsed.options.listener !== false && onIpv6 !== undefined) throw listensOnIpv4(onIpv6);
  return parsed;
};

const listensOnIpv4 = ({ hostPort }: PlannedPort): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`hostAddress\` of port ${hostPort} to be '127.0.0.1' beside the option \`listener\`, got '::1': our own listener is on 127.0.0.1`,
  });

/**
 * The same check without opening anything, for who takes ports and options from a place of his own, such as a runner's configuration.
 *
 * @param place - What stands for `ports` and `options` in the messages, and in `also` the names that such a place knows beside the options,
 *   which are not looked at.
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 *
 * @example
 * assertForwardOptions(config.ports, config.forward, { ports: 'config.ports', options: 'config.forward' });
 */
export const assertForwardOptions = (
  ports: unknown,
  options: unknown,
  place: { ports: string; options: string; also?: readonly string[] },
): void => {
  // A misspelt `ports` is an unknown name before it is missing.
  parseOptions(options, process.env, place.options, place.also);
  parsePorts(ports, place.ports);
};

export const parseOptions = (
  options: unknown,
  env: NodeJS.ProcessEnv,
  place = 'options',
  also: readonly string[] = [],
): ResolvedOptions => {
  const given = readObject(place, options ?? {}, optionNames, also);
  refuseMisspelt(env);
  const from = <T>(name: keyof typeof given, read: (path: string, value: unknown) => T, otherwise: () => T): T =>
    given[name] === undefined ? otherwise() : read(`${place}.${name}`, given[name]);
  const fromEnv = <T>(name: string, read: (path: string, value: unknown) => T, otherwise: T): T => {
    const value = env[`LOCALHOST_FORWARD_${name}`];
    return value === undefined || value === '' ? otherwise : read(`LOCALHOST_FORWARD_${name}`, value);
  };
  const image = fromEnv('PROBE_IMAGE', readImage, undefined as string | undefined);
  const verify = from(
    'verify',
    (path, value) => readVerify(path, value, image),
    () => readProof(`${place}.verify`, {}, image),
  );
  const hostnames = from('hostname', readHostnames, () => ['host.docker.internal']);
  return {
    strategy: from('strategy', readStrategy, () => fromEnv('STRATEGY', readStrategy, 'auto')),
    privilege: from('privilege', readPrivilege, () => fromEnv('PRIVILEGE', readPrivilege, 'auto')),
    verify,
    proof: verify === false ? readProof(`${place}.verify`, {}, image) : verify,
    listener: from('listener', readListener, () => false),
    hermetic: from('hermetic', readBoolean, () => false),
    hostname: hostnames[0] ?? '',
    hostnames,
    subnet: from('subnet', readSubnet, () => undefined),
    subnetPool: fromEnv('SUBNET_POOL', readPool, defaultPool),
    firewall: fromEnv('FIREWALL', (path, value) => readOneOf(path, value, ['adapt', 'leave']), 'adapt'),
    docker: from('docker', readDocker, () => undefined),
    labels: from('labels', readLabels, () => ({})),
    signal: from('signal', readSignal, () => undefined),
  };
};

const readStrategy = (path: string, value: unknown) => readOneOf(path, value, ['auto', ...strategyNames]);
const readPrivilege = (path: string, value: unknown) => readOneOf(path, value, ['auto', ...privilegeNames]);

const readVerify = (path: string, value: unknown, image: string | undefined): ResolvedOptions['verify'] => {
  if (value === false) return false;
  if (value !== true && (typeof value !== 'object' || value === null))
    throw expected(path, 'true, false or { timeoutMs, image }', value);
  return readProof(path, value === true ? {} : value, image);
};

const readProof = (path: string, value: unknown, image: string | undefined): ProofOptions => {
  const given = readObject(path, value, ['timeoutMs', 'image']);
  const chosen = given.image === undefined ? image : readImage(`${path}.image`, given.image);
  const timeoutMs =
    given.timeoutMs === undefined
      ? defaultTimeoutMs
      : readInteger(`${path}.timeoutMs`, given.timeoutMs, 1, 600_000, ' milliseconds');
  return { timeoutMs, ...(chosen === undefined ? {} : { image: chosen }) };
};

/**
 * What `verify()` and `diagnose()` take of their own, over the forward's defaults.
 *
 * @throws LHF_ERR_INVALID_OPTION naming the path.
 */
export const parseProofOptions = (
  options: unknown,
  defaults: ProofOptions,
): ProofOptions & { readonly port?: number } => {
  const { port, ...proof } = readObject('options', options ?? {}, ['timeoutMs', 'image', 'port']);
  const read = readProof('options', proof, defaults.image);
  return {
    ...read,
    timeoutMs: proof.timeoutMs === undefined ? defaults.timeoutMs : read.timeoutMs,
    ...(port === undefined ? {} : { port: readInteger('options.port', port, 1, 65_535) }),
  };
};

/** Reads a yes or no that is one, and no word for it. */
export const readBoolean = (path: string, value: unknown): boolean => {
  if (typeof value === 'boolean') return value;
  throw expected(path, 'true or false', value);
};

const readListener = (path: string, value: unknown): boolean | RequestListener => {
  if (typeof value === 'boolean' || typeof value === 'function') return value as boolean | RequestListener;
  throw expected(path, 'true, false or a function (request, response)', value);
};

const readSignal = (path: string, value: unknown): AbortSignal => {
  const followed = readSafely(path, () =>
    typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value
      ? followSignal(value as AbortSignal)
      : undefined,
  );
  if (followed !== undefined) return followed;
  throw expected(path, 'an AbortSignal', value);
};
