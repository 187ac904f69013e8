import { readFile } from 'node:fs/promises';
import type { Obstacle, Tools } from '../../strategy.ts';
import { obstacleToOwnedTables } from '../tables/owned-tables.ts';
import { obstacleOf, rehearsed, rehearsedPorts, rehearseTables, wordsOf } from '../rehearse.ts';
import { renderChange, type TableName } from './rules.ts';

/** Has iptables check the chains of an opening, which are not put in, with the guard where that would go into table raw. */
export const rehearseChains = async ({ host, privileges }: Tools): Promise<Obstacle | undefined> => {
  const isGuardedByNft = obstacleToOwnedTables(host) === undefined && (await rehearseTables({ privileges })) === '';
  const tables: readonly TableName[] = isGuardedByNft ? ['nat'] : ['raw', 'nat'];
  // iptables of the older kind makes a table that it is asked for.
  if (host.iptables?.variant === 'legacy' && !(await areThere(tables))) return undefined;
  const chains = new Map([[rehearsed.bridge, rehearsedPorts]]);
  const input = tables.flatMap((table) => renderChange(table, new Map(), chains, rehearsed)).join('\n');
  const result = await privileges.run(['iptables-restore', '-w', '5', '--noflush', '--test'], { input: `${input}\n` });
  return result.exitCode === 0 ? undefined : obstacleOf(wordsOf(result, 'iptables-restore'));
};

const areThere = async (tables: readonly TableName[]): Promise<boolean> => {
  const names = await readFile('/proc/net/ip_tables_names', 'utf8').catch(() => '');
  return tables.every((table) => names.split('\n').includes(table));
};
