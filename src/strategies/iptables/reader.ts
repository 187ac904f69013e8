import type { Names } from '../../plan/names.ts';
import type { Privileges } from '../../privilege/privileges.ts';
import type { Hits } from '../../types.ts';
import type { PortKey, RulesReader } from '../strategy.ts';
import { parseCounters, tableOf } from './parse.ts';

/** Reads one bridge's chains in `iptables-save -c`. */
export class IptablesReader implements RulesReader {
  readonly #names: Names;
  readonly #privileges: Privileges;

  constructor(names: Names, privileges: Privileges) {
    this.#names = names;
    this.#privileges = privileges;
  }

  async hits(port: PortKey): Promise<Hits> {
    const saved = await saveIptables(this.#privileges);
    const connections = parseCounters(tableOf(saved, 'nat'), this.#names.chain, port);
    const traffic = parseCounters(tableOf(saved, 'raw'), this.#names.chain, port);
    return { connections: connections?.packets ?? 0, packets: traffic?.packets ?? 0, bytes: traffic?.bytes ?? 0 };
  }

  async isPresent(port: PortKey): Promise<boolean> {
    return this.missing(await saveIptables(this.#privileges), [port]).length === 0;
  }

  /** The tables that lack something of ours, in a listing. */
  missing(saved: string, ports: readonly PortKey[]): ('raw' | 'nat')[] {
    const { chain } = this.#names;
    const [nat, raw] = [tableOf(saved, 'nat'), tableOf(saved, 'raw')];
    const guards = [`-A ${chain} -d 127.0.0.0/8 -j DROP`, `-A ${chain} -s 127.0.0.0/8 -j DROP`];
    const isRawWhole = this.hasJump(raw) && guards.every((rule) => raw.includes(rule));
    const isNatWhole = this.hasJump(nat) && ports.every((port) => parseCounters(nat, chain, port) !== undefined);
    return [...(isRawWhole ? [] : (['raw'] as const)), ...(isNatWhole ? [] : (['nat'] as const))];
  }

  hasJump(part: string): boolean {
    return part.includes(`-j ${this.#names.chain}\n`);
  }
}

export const saveIptables = async (privileges: Privileges): Promise<string> =>
  (await privileges.run(['iptables-save', '-c'])).stdout;
