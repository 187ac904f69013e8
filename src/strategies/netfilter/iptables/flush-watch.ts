import type { Watch } from '../../../command/watch.ts';
import type { Privileges } from '../../../privilege/privileges.ts';

/** Follows what the kernel tells of rules that went away. Ends with this process, and keeps it no longer. */
export const watchFlushes = (privileges: Privileges, onPrinted: (text: string) => void): Promise<Watch> =>
  privileges.watch(['nft', 'monitor', 'destroy', 'rules'], onPrinted);

/** As many as no host has but those that keep a chain for each of their services. */
const manyChains = 1_000;

/** Whether this host has so many chains that nft would need seconds to read their rules. To list chains alone takes a few milliseconds. */
export const hasManyChains = async (privileges: Privileges): Promise<boolean> => {
  const { stdout } = await privileges.run(['nft', 'list', 'chains', 'ip']);
  return (stdout.match(/^\tchain /gm)?.length ?? 0) > manyChains;
};

/**
 * Reads what `nft monitor destroy rules` prints, in whatever parts it comes: which chains of a process lost a rule. `undefined`
 * stands for all of them, where the chain is one that is shared, or the kernel has told more than was read.
 */
export class FlushReader {
  readonly #nonce: string;
  #rest = '';

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  read(text: string): ReadonlySet<string | undefined> {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    return new Set(lines.flatMap((line) => this.#bridgeIn(line)));
  }

  #bridgeIn(line: string): (string | undefined)[] {
    if (/lost|overrun|buffer/i.test(line)) return [undefined];
    const chain = /^\w+ rule ip (?:nat|raw) (\S+)/.exec(line)?.[1];
    if (chain === undefined) return [];
    if (chain === 'PREROUTING' || chain === 'LHF' || chain === `LHF-${this.#nonce}`) return [undefined];
    return chain.startsWith(`LHF-lhf-${this.#nonce}`) ? [chain.slice('LHF-'.length)] : [];
  }
}
