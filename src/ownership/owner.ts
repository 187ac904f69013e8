import { randomBytes } from 'node:crypto';
import { readPlace } from './place.ts';
import { readOwnStartTime } from './start-time.ts';

/** What is needed to tell a living owner from a dead one. */
export interface Owner {
  /** The host, hashed: marks are read by others. */
  readonly host: string;
  /** This boot of it, hashed; {@link unknownBoot} where nothing told it. */
  readonly boot: string;
  /** Inode of the pid namespace: a pid means nothing outside its own. 0 where nothing told it. */
  readonly pidNamespace: number;
  readonly pid: number;
  /** Clock ticks from boot to the process's start, so that a reused pid is not a living owner. 0 where nothing told it. */
  readonly startTime: number;
  /** Five characters, a new choice per process: names of bridges start with it. */
  readonly nonce: string;
  /** Its engine, hashed: a host may have several. */
  readonly engine?: string;
  /** The container that it runs in, by the start of its id, where that engine knows it. */
  readonly container?: string;
}

/** Where an owner has its networks, as far as that is known. */
export type OwnerEngine = Pick<Owner, 'engine' | 'container'>;

/** The owner written as one word, fit for labels, comments and names: `host-boot-pidns-pid-start-nonce-e<engine>-c<container>`. */
export const renderSession = (owner: Owner): string =>
  [
    owner.host,
    owner.boot,
    ...[owner.pidNamespace, owner.pid, owner.startTime].map((n) => n.toString(36)),
    owner.nonce,
    ...(owner.engine === undefined ? [] : [`e${owner.engine}`]),
    ...(owner.container === undefined ? [] : [`c${owner.container}`]),
  ].join('-');

const sessionPattern =
  /^(?<host>[0-9a-f]{8})-(?<boot>[0-9a-f]{8})-(?<space>[0-9a-z]{1,8})-(?<pid>[0-9a-z]{1,8})-(?<start>[0-9a-z]{1,10})-(?<nonce>[0-9a-z]{5})(?:-e(?<engine>[0-9a-f]{6}))?(?:-c(?<container>[0-9a-f]{12}))?$/;
type SessionParts = Record<'host' | 'boot' | 'space' | 'pid' | 'start' | 'nonce', string> &
  Partial<Record<'engine' | 'container', string>>;

/** Beyond this no system has pids, and 0 and below would name whole process groups. */
const highestPid = 2 ** 31 - 1;

/** The owner behind a session word, or undefined where it is none of ours. */
export const parseSession = (session: string): Owner | undefined => {
  const parts = sessionPattern.exec(session)?.groups as SessionParts | undefined;
  if (parts === undefined) return undefined;
  const { host, boot, nonce, engine, container } = parts;
  const owner = {
    host,
    boot,
    pidNamespace: parseInt(parts.space, 36),
    pid: parseInt(parts.pid, 36),
    startTime: parseInt(parts.start, 36),
    nonce,
    ...(engine === undefined ? {} : { engine }),
    ...(container === undefined ? {} : { container }),
  };
  return owner.pid >= 1 && owner.pid <= highestPid ? owner : undefined;
};

/** This process as an owner. What cannot be read is marked as unknown, and then nobody takes it for dead by that. */
export const readOwner = (on: OwnerEngine = {}): Owner => ({
  ...on,
  ...readPlace(),
  pid: process.pid,
  startTime: readOwnStartTime() ?? 0,
  nonce: randomWord(5),
});

/** Letters and digits at random, for names. */
export const randomWord = (length: number): string =>
  Array.from(randomBytes(length), (byte) => '0123456789abcdefghijklmnopqrstuv'.charAt(byte & 31)).join('');
