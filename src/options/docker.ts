import { expected, isRecord, readObject, readSafely } from './expect.ts';

/** What dockerode and docker-modem read of what `new Docker(options)` is given. */
const known = [
  'socketPath',
  'host',
  'port',
  'protocol',
  'pathPrefix',
  'username',
  'password',
  'version',
  'ca',
  'cert',
  'key',
  'timeout',
  'connectionTimeout',
  'checkServerIdentity',
  'agent',
  'modem',
  'sshAuthAgent',
  'agentForward',
  'headers',
  'sshOptions',
  'rejectUnauthorized',
  'Promise',
] as const;

/** Reads a dockerode instance, or what makes one: a key that nobody reads would lead to another engine. */
export const readDocker = (path: string, value: unknown): object => {
  if (!isRecord(value)) throw expected(path, 'a dockerode instance or its options', value);
  if (!readSafely(path, () => 'modem' in value && 'createNetwork' in value)) readObject(path, value, known);
  return value;
};
