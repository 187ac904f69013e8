import type { HostFacts } from '../../../host/facts.ts';
import { isOlder } from '../../../host/version.ts';
import type { Obstacle } from '../../strategy.ts';
import { describeLent } from '../lent.ts';

/** Why nft here cannot hold tables that nobody else may flush. Pure. */
export const obstacleToOwnedTables = ({ nft, kernel, lent }: HostFacts): Obstacle | undefined => {
  if (nft === undefined) return { what: `no nft with an interactive mode on this host${describeLent(lent)}` };
  if (isOlder(nft.version, '0.9.9')) return { what: `nft ${nft.version} has no owned tables, 0.9.9 has` };
  if (isOlder(kernel, '5.12')) return { what: `kernel ${kernel} has no owned tables, 5.12 has` };
  return undefined;
};
