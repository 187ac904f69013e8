import { watch, type Watch } from '../command/watch.ts';
import type { Privileges } from '../privilege/privileges.ts';

/** Where the kernel says that a packet was dropped. */
export interface Drop {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** The rule's own text, or `policy drop`. */
  readonly rule: string;
  /** The chain by which the packet entered this table, which the dropping chain may have been called from. */
  readonly baseChain: string;
}

/** Follows the kernel's trace of marked packets. */
export const openTrace = (privileges: Privileges): Promise<Watch> =>
  watch(privileges.prefix, ['nft', 'monitor', 'trace']);

/**
 * The drops in what `nft monitor trace` printed. Each line is `trace id <id> <family> <table> <chain> <what>`; a packet is followed by its id.
 */
export const parseDrops = (trace: string): Drop[] => {
  const entered = new Map<string, string>();
  const drops = new Map<string, Drop>();
  for (const line of trace.split('\n')) {
    const [, id, family, table, chain, what] = /^trace id (\S+) (\S+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
    if (id === undefined || family === undefined || table === undefined || chain === undefined || what === undefined)
      continue;
    const place = `${id} ${family} ${table}`;
    const base = /^(PREROUTING|INPUT|OUTPUT|POSTROUTING|FORWARD)$/.test(chain) ? chain : (entered.get(place) ?? chain);
    // A chain that was jumped to is told by the verdict of the rule before, so the first one of a run is the base chain.
    entered.set(place, /verdict (?:jump|goto)/.test(what) || what.startsWith('rule') ? base : chain);
    if (/policy accept|verdict accept/.test(what)) entered.delete(place);
    const rule = what.startsWith('policy drop')
      ? 'policy drop'
      : (/^rule (.*) \(verdict drop\)/.exec(what)?.[1] ?? rejectOf(what));
    if (rule === undefined) continue;
    const drop = {
      family,
      table,
      chain,
      rule: rule
        .replace(/counter packets \d+ bytes \d+ ?/, '')
        .replaceAll(/\s+/g, ' ')
        .trim(),
      baseChain: base,
    };
    drops.set(JSON.stringify(drop), drop);
  }
  return [...drops.values()];
};

// A reject ends the packet too, though the kernel traces it as a rule that continues or stops without a verdict's name.
const rejectOf = (what: string): string | undefined => /^rule (.*\breject\b.*) \(verdict \w+\)/.exec(what)?.[1];
