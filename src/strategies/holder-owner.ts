import type { HolderOwner } from '../lifecycle/holder.ts';
import type { Tools } from './strategy.ts';

/** Whose holder a strategy starts, and what the guardian needs that it starts. */
export const holderOwnerOf = ({ session, privileges, engine }: Tools): HolderOwner => ({
  session: session.word,
  nonce: session.owner.nonce,
  privileges,
  // A container may have to wait for its engine, which makes one after the other.
  ...(privileges.handle.kind === 'container' ? { timeoutMs: 60_000 } : {}),
  environment: { LOCALHOST_FORWARD_ENGINE: JSON.stringify(engine.connection) },
});
