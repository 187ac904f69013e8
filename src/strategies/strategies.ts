import type { HolderOptions } from '../lifecycle/holder.ts';
import type { Names } from '../plan/names.ts';
import type { Privileges } from '../privilege/privileges.ts';
import { IptablesReader } from './iptables/reader.ts';
import { IptablesStrategy } from './iptables/iptables.ts';
import { NftablesStrategy } from './nftables/nftables.ts';
import { NftablesReader } from './nftables/reader.ts';
import type { RulesReader, RulesStrategy } from './strategy.ts';

/** The strategies that are built; choosing among them is `plan/choose-strategy.ts`. */
export const openStrategy = (name: RulesStrategy['name'], options: Omit<HolderOptions, 'hold' | 'release' | 'onLost'>): RulesStrategy =>
  name === 'nftables' ? new NftablesStrategy(options) : new IptablesStrategy(options);

/** Rules that are in place already, to be read: another process may have put them in. */
export const readRules = (name: RulesStrategy['name'], names: Names, privileges: Privileges): RulesReader =>
  name === 'nftables' ? new NftablesReader(names, privileges) : new IptablesReader(names, privileges);

export const isRulesStrategy = (name: unknown): name is RulesStrategy['name'] => name === 'nftables' || name === 'iptables';
