import type { HolderOwner } from '../lifecycle/holder.ts';
import { IptablesStrategy } from './iptables/iptables.ts';
import { NftablesStrategy } from './nftables/nftables.ts';
import type { RulesStrategy } from './strategy.ts';

/** The strategies that are built; choosing among them is `plan/choose-strategy.ts`. */
export const openStrategy = (
  name: RulesStrategy['name'],
  owner: HolderOwner,
  host: { hasOwnedTables: boolean },
): RulesStrategy => (name === 'nftables' ? new NftablesStrategy(owner) : new IptablesStrategy(owner, host));
