import { readFile } from 'node:fs/promises';
import { delay } from '../../../clock.ts';
import type { Watch } from '../../../command/watch.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import type { Deletions } from './rules.ts';
import type { Witness } from './session-chains.ts';

/** Follows what the kernel tells of rules that went away. Ends with this process, and keeps it no longer. */
export const watchFlushes = (privileges: Privileges, onPrinted: (text: string) => void): Promise<Watch> =>
  privileges.watch(['nft', 'monitor', 'destroy', 'rules'], onPrinted);

/** NETLINK_NETFILTER of the kernel's netlink.h, and the bit of NFNLGRP_NFTABLES of its nfnetlink.h. */
const ofNetfilter = '12';
const ofTables = 1 << 6;

/** Who in this network namespace is told of what happens to tables, by the inodes of their sockets, in the text of /proc/net/netlink. Pure. */
export const parseMonitors = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, family, , groups = '']) => family === ofNetfilter && (parseInt(groups, 16) & ofTables) !== 0)
    .map((fields) => fields.at(-1) ?? '');

export const readMonitors = async (): Promise<string[]> =>
  parseMonitors(await readFile('/proc/net/netlink', 'utf8').catch(() => ''));

const looks = 400;
const betweenLooksMs = 25;
/** A second: test files that begin together have a watch each, and nothing tells which is ours. */
const quietLooks = 40;

/**
 * Resolves once somebody is told who was not among these, and nobody more has come for a second: nft reads all rules first, and is told of
 * none that goes meanwhile. Ten seconds at most.
 */
export const untilToldTo = async (before: readonly string[], read = readMonitors): Promise<void> => {
  const known = new Set(before);
  let quiet = 0;
  for (let look = 0; look < looks && quiet < quietLooks; look += 1) {
    const others = (await read()).filter((one) => !known.has(one));
    for (const one of others) known.add(one);
    if (others.length > 0) quiet = 0;
    else if (known.size > before.length) quiet += 1;
    await delay(betweenLooksMs, { ref: false });
  }
};

/** As many as no host has but those that keep a chain for each of their services. */
const manyChains = 1_000;

/** Whether this host has so many chains that nft would need seconds to read their rules. To list chains alone takes a few milliseconds. */
export const hasManyChains = async (privileges: Privileges): Promise<boolean> => {
  const { stdout } = await privileges.run(['nft', 'list', 'chains', 'ip']);
  return (stdout.match(/^\tchain /gm)?.length ?? 0) > manyChains;
};

/** What this process takes out of its chains itself, of which the kernel tells as well. */
export class OwnDeletions implements Witness {
  readonly #expected = new Map<string, number>();

  expect(deletions: Deletions): void {
    for (const [chain, count] of deletions) this.#add(chain, count);
  }

  unexpect(deletions: Deletions): void {
    for (const [chain, count] of deletions) this.#add(chain, -count);
  }

  /** Whether a rule that this chain lost was taken by us. */
  explains(chain: string): boolean {
    if ((this.#expected.get(chain) ?? 0) <= 0) return false;
    this.#add(chain, -1);
    return true;
  }

  /** Of what was told nothing is known any more. */
  forget(): void {
    this.#expected.clear();
  }

  #add(chain: string, count: number): void {
    const sum = (this.#expected.get(chain) ?? 0) + count;
    if (sum > 0) this.#expected.set(chain, sum);
    else this.#expected.delete(chain);
  }
}

/**
 * Reads what `nft monitor destroy rules` prints, in whatever parts it comes: which chains of a process lost a rule by others.
 * `undefined` stands for all of them, where the chain is one that is shared, or the kernel has told more than was read.
 */
export class FlushReader {
  readonly #nonce: string;
  readonly #own: OwnDeletions;
  #rest = '';

  constructor(nonce: string, own: OwnDeletions) {
    this.#nonce = nonce;
    this.#own = own;
  }

  read(text: string): ReadonlySet<string | undefined> {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    return new Set(lines.flatMap((line) => this.#bridgeIn(line)));
  }

  #bridgeIn(line: string): (string | undefined)[] {
    if (/lost|overrun|buffer/i.test(line)) {
      this.#own.forget();
      return [undefined];
    }
    const [, place, chain] = /^\w+ rule ip ((?:nat|raw) (\S+))/.exec(line) ?? [];
    if (place === undefined || chain === undefined || this.#own.explains(place)) return [];
    if (chain === 'PREROUTING' || chain === 'LHF' || chain === `LHF-${this.#nonce}`) return [undefined];
    return chain.startsWith(`LHF-lhf-${this.#nonce}`) ? [chain.slice('LHF-'.length)] : [];
  }
}
