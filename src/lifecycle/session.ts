import type { Engine } from '../engine/engine.ts';
import { readOwner, renderSession, type Owner } from '../ownership/owner.ts';
import type { Choice } from '../plan/choose-strategy.ts';
import { privilegesOf } from '../privilege/privileges.ts';
import { openStrategy } from '../strategies/strategies.ts';
import type { RulesStrategy } from '../strategies/strategy.ts';

/** What one process (or worker thread) shares among its forwards, whichever copy of the package opened them. */
export interface Session {
  readonly owner: Owner;
  /** The owner as one word: the mark on everything. */
  readonly word: string;
  /** One holder per strategy, privilege and engine; it lives as long as the process. */
  readonly strategies: Map<string, RulesStrategy>;
  /** Forwards that are open now, by id, with what closes them. */
  readonly open: Map<string, { close(): Promise<void> }>;
  /** When this process last looked for what dead runs left, on `performance.now()`'s clock. */
  sweptAt?: number;
}

const key = Symbol.for('localhost-forward');

/** This process's session, made when first asked for. A second copy of the package finds the same one. */
export const currentSession = (): Session => {
  const place = globalThis as unknown as Record<symbol, Session | undefined>;
  return (place[key] ??= begin());
};

/** The strategy that a choice names, with its holder, shared by all forwards of this process. */
export const strategyFor = (
  session: Session,
  { strategy, privilege, hasOwnedTables }: Pick<Choice, 'strategy' | 'privilege' | 'hasOwnedTables'>,
  engine: Engine,
): RulesStrategy => {
  const id = [strategy, privilege, hasOwnedTables, engine.facts.endpoint].join(' ');
  const known = session.strategies.get(id);
  if (known !== undefined) return known;
  const owner = {
    session: session.word,
    nonce: session.owner.nonce,
    privileges: privilegesOf(privilege),
    environment: { LOCALHOST_FORWARD_ENGINE: JSON.stringify(engine.connection) },
  };
  const opened = openStrategy(strategy, owner, { hasOwnedTables });
  session.strategies.set(id, opened);
  return opened;
};

const begin = (): Session => {
  const owner = readOwner();
  const session: Session = { owner, word: renderSession(owner), strategies: new Map(), open: new Map() };
  // The last chance to close in order: nothing else keeps the process alive. Killed or exiting, it leaves that to its guardian.
  process.on('beforeExit', () => {
    const forwards = [...session.open.values()];
    // Once: a close that fails would bring the process back here without end.
    session.open.clear();
    for (const forward of forwards) forward.close().catch(() => undefined);
  });
  return session;
};
