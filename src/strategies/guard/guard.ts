import type { Names } from '../../plan/names.ts';
import type { OwnedTables } from '../nftables/owned-tables.ts';
import { isGuard, renderGuard, renderOwnedGuard } from './rules.ts';

/** The guard of one bridge, for a strategy whose own rules anybody may flush. */
export interface Guard {
  /** Puts back the half that others can take away, and tells whether it was missing. */
  restore(): Promise<boolean>;
  /** Takes it away: `route_localnet` must be off by then, or the bridge gone. Idempotent. */
  release(): Promise<void>;
}

/** Puts the guard in, both halves in one transaction. A failure leaves nothing. @throws LHF_ERR_RULES with nft's own words. */
export const putGuard = async (tables: OwnedTables, names: Names, session: string): Promise<Guard> => {
  const owned = { bridge: names.bridge, render: () => renderOwnedGuard(names, session) };
  const release = async (): Promise<void> => {
    tables.open.delete(owned);
    await removeTables(tables, names);
  };
  try {
    const commands = [...renderGuard(names, session), ...owned.render()];
    await tables.transact(commands, `could not be put in for ${names.bridge}`);
  } catch (error) {
    await release().catch(() => undefined);
    throw error;
  }
  tables.open.add(owned);
  return { restore: () => restoreGuard(tables, names, session), release };
};

/** Puts the guard that outlives the process back, where somebody took it away; tells whether it was missing. */
export const restoreGuard = async (tables: OwnedTables, names: Names, session: string): Promise<boolean> => {
  if (isGuard(await tables.list(names.guardTable))) return false;
  const anew = [
    `add table ip ${names.guardTable}`,
    `delete table ip ${names.guardTable}`,
    ...renderGuard(names, session),
  ];
  await tables.transact(anew, `that somebody took away could not be put back for ${names.bridge}`);
  return true;
};

/** Removes both tables of a bridge. Two transactions: one that is gone already must not keep the other. */
export const removeTables = async (tables: OwnedTables, names: Names): Promise<void> => {
  for (const table of [names.table, names.guardTable])
    await tables.discard([`delete table ip ${table}`], `could not be removed for ${names.bridge}`);
};
