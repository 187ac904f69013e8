import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What is needed to tell a living owner from a dead one. */
export interface Owner {
  /** The host, hashed: marks are read by others. */
  readonly host: string;
  /** This boot of it, hashed. */
  readonly boot: string;
  /** Inode of the pid namespace: a pid means nothing outside its own. */
  readonly pidNamespace: number;
  readonly pid: number;
  /** Clock ticks from boot to the process's start, so that a reused pid is not a living owner. */
  readonly startTime: number;
  /** Five characters, a new choice per process: names of bridges start with it. */
  readonly nonce: string;
}

/** The owner written as one word, fit for labels, comments and names: `host-boot-pidns-pid-start-nonce`. */
export const renderSession = (owner: Owner): string =>
  [
    owner.host,
    owner.boot,
    ...[owner.pidNamespace, owner.pid, owner.startTime].map((n) => n.toString(36)),
    owner.nonce,
  ].join('-');

const sessionPattern = /^([0-9a-f]{8})-([0-9a-f]{8})-([0-9a-z]{1,8})-([0-9a-z]{1,8})-([0-9a-z]{1,10})-([0-9a-z]{5})$/;

/** The owner behind a session word, or undefined where it is none of ours. */
export const parseSession = (session: string): Owner | undefined => {
  const [, host, boot, pidNamespace, pid, startTime, nonce] = sessionPattern.exec(session) ?? [];
  if (host === undefined || boot === undefined || nonce === undefined) return undefined;
  return {
    host,
    boot,
    pidNamespace: parseInt(pidNamespace ?? '', 36),
    pid: parseInt(pid ?? '', 36),
    startTime: parseInt(startTime ?? '', 36),
    nonce,
  };
};

/** This process as an owner. */
export const readOwner = (): Owner => ({
  ...readHere(),
  pid: process.pid,
  startTime: readStartTime(process.pid) ?? 0,
  nonce: randomWord(5),
});

/** `'alive'`, `'dead'` (as is all of an earlier boot), or `'elsewhere'`: on another host or in another pid namespace, where a pid tells nothing. */
export const judgeOwner = (
  owner: Owner,
  here: ReturnType<typeof readHere> = readHere(),
): 'alive' | 'dead' | 'elsewhere' => {
  if (owner.host !== here.host) return 'elsewhere';
  if (owner.boot !== here.boot) return 'dead';
  if (owner.pidNamespace !== here.pidNamespace) return 'elsewhere';
  return readStartTime(owner.pid) === owner.startTime ? 'alive' : 'dead';
};

/** The parts of an owner that all processes of this place share. */
export const readHere = (): Pick<Owner, 'host' | 'boot' | 'pidNamespace'> => ({
  host: hash(readText('/etc/machine-id') || hostname()),
  boot: hash(readText('/proc/sys/kernel/random/boot_id') || 'unknown'),
  pidNamespace: readPidNamespace(),
});

/** Letters and digits at random, for names. */
export const randomWord = (length: number): string =>
  Array.from(randomBytes(length), (byte) => '0123456789abcdefghijklmnopqrstuv'.charAt(byte & 31)).join('');

// Field 22 of proc(5)'s stat, counted after the command's closing bracket; a zombie is dead to us.
const readStartTime = (pid: number): number | undefined => {
  const fields = readText(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ');
  if (fields === undefined || fields.length < 20 || fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return Number(fields[19]);
};

const readPidNamespace = (): number => {
  try {
    return Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? 0);
  } catch {
    return 0;
  }
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
