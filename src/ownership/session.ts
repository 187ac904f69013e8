import { randomInt } from 'node:crypto';
import { readOwner, renderSession, type Owner, type OwnerEngine } from './owner.ts';

/**
 * What one process (or worker thread) shares among its forwards on one engine by the same rights, whichever copy of the package
 * opened them.
 */
export interface Session {
  readonly owner: Owner;
  /** The owner as one word: the mark on everything. */
  readonly word: string;
  /** What outlives one forward and is shared by all: a strategy's tables and their holder, the probe. */
  readonly shared: Map<string, unknown>;
  /** Forwards that are open now, by id, with what closes them. */
  readonly open: Map<string, { readonly gateway: string; close(): Promise<void> }>;
  /** The ending of the last forward's id. */
  nth: number;
  /** When this process last looked for what dead runs left, on `performance.now()`'s clock. */
  sweptAt?: number;
}

const key = Symbol.for('localhost-forward');

/**
 * This process's session, made when first asked for. A second copy of the package finds the same one.
 *
 * @param domain - What sets forwards of one process apart: another engine, other rights. Each has a nonce of its own.
 * @param on - Where it has its networks, for its mark.
 */
export const currentSession = (domain: string, on?: OwnerEngine): Session => {
  const place = globalThis as unknown as Record<symbol, Map<string, Session> | undefined>;
  const sessions = (place[key] ??= new Map());
  const session = sessions.get(domain) ?? begin(on);
  sessions.set(domain, session);
  return session;
};

/** What a session shares under a name, made when first asked for. */
export const sharedIn = <T>({ shared }: Session, name: string, make: () => T): T => {
  if (!shared.has(name)) shared.set(name, make());
  return shared.get(name) as T;
};

/** All three-letter endings of names: each forward of a session has one of its own. */
const endings = 32 ** 3;

/**
 * An id for one more forward: the session's nonce and three characters that no other forward of it had lately, or has still. Drawn at random, two of two
 * hundred would be the same every other time.
 */
export const nextId = (session: Session): string => {
  let id: string;
  do {
    session.nth = (session.nth + 1) % endings;
    id = session.owner.nonce + session.nth.toString(32).padStart(3, '0');
  } while (session.open.has(id) && session.open.size < endings);
  return id;
};

const begin = (on: OwnerEngine | undefined): Session => {
  const owner = readOwner(on);
  const session: Session = {
    owner,
    word: renderSession(owner),
    shared: new Map(),
    open: new Map(),
    nth: randomInt(endings),
  };
  // The last chance to close in order: nothing else keeps the process alive. Killed or exiting, it leaves that to its guardian.
  process.on('beforeExit', () => {
    const forwards = [...session.open.values()];
    // Once: a close that fails would bring the process back here without end.
    session.open.clear();
    for (const forward of forwards) forward.close().catch(() => undefined);
  });
  return session;
};
