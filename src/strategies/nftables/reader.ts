import type { Names } from '../../plan/names.ts';
import type { Privileges } from '../../privilege/privileges.ts';
import type { Hits } from '../../types.ts';
import { keyOf, type PortKey, type RulesReader } from '../strategy.ts';
import { parseCounters, parseKeys } from './parse.ts';

/** Reads one bridge's two tables; an owned table can be listed by others than its owner. */
export class NftablesReader implements RulesReader {
  readonly #names: Names;
  readonly #privileges: Privileges;

  constructor(names: Names, privileges: Privileges) {
    this.#names = names;
    this.#privileges = privileges;
  }

  async hits(port: PortKey): Promise<Hits> {
    const listing = await this.#list(this.#names.table);
    const connections = parseCounters(listing, 'connections').get(keyOf(port));
    const traffic = parseCounters(listing, 'traffic').get(keyOf(port));
    return { connections: connections?.packets ?? 0, packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0 };
  }

  async isPresent(port: PortKey): Promise<boolean> {
    const [table, hasGuard] = await Promise.all([this.#list(this.#names.table), this.hasGuard()]);
    return parseKeys(table, 'ports').has(keyOf(port)) && /\bdnat\b/.test(table) && hasGuard;
  }

  async hasGuard(): Promise<boolean> {
    const listing = await this.#list(this.#names.guardTable);
    return ['daddr', 'saddr'].every((end) => new RegExp(String.raw`ip ${end} 127\.0\.0\.0/8 .*drop`).test(listing));
  }

  async #list(table: string): Promise<string> {
    return (await this.#privileges.run(['nft', 'list', 'table', 'ip', table])).stdout;
  }
}
