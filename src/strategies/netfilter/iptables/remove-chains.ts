import { readShellPrograms } from '../../../command/shell-program.ts';
import { findProgram } from '../../../command/find-program.ts';
import { run } from '../../../command/run.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import type { TableName } from './chain-rules.ts';

/** A process's chains in iptables, by their names. */
export interface ChainsToRemove {
  readonly nonce: string;
  /** Those that may have a chain. */
  readonly bridges: readonly string[];
  readonly tables: readonly TableName[];
}

/**
 * Takes a process's chains out of tables of iptables, and the shared one where it was the last. What is gone already is what was
 * wanted. Returns the reason where that failed.
 */
export const removeChains = async (
  { nonce, bridges, tables }: ChainsToRemove,
  { prefix }: Privileges,
): Promise<string | undefined> => {
  if (findProgram('iptables') === undefined) return undefined;
  const program = readShellPrograms('as-root', 'iptables', 'remove-iptables');
  const argv = ['sh', '-c', program, 'lhf-remove', prefix.join(' '), nonce, bridges.join(' '), ...tables] as const;
  const { exitCode, stderr, failure } = await run(argv, { timeoutMs: 20_000 });
  return exitCode === 0 ? undefined : (failure ?? stderr.trim());
};
