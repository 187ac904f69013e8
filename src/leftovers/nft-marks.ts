import { parseMark } from '../ownership/names.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { Found } from './leftover.ts';

/** Where one rule stands, as `nft delete rule` takes it. */
export type RuleHandle = readonly [family: string, table: string, chain: string, handle: string];

/** Our tables, and our rules in other people's chains. */
export const findNftMarks = async (privileges: Privileges): Promise<Found[]> => {
  const { stdout } = await privileges.run(['nft', '-a', 'list', 'ruleset']);
  return parseNftMarks(stdout);
};

/** Names of the tables that could be ours; cheap, but it tells no owner. */
export const listOwnTableNames = async (privileges: Privileges): Promise<string[]> => {
  const { stdout } = await privileges.run(['nft', 'list', 'tables', 'ip']);
  return stdout.split('\n').flatMap((line) => /^table ip (lhf_\S+)$/.exec(line)?.[1] ?? []);
};

/** The bridge of a table named as we name ours, and what the table is. */
export const readTableName = (name: string): { bridge: string; kind: 'rules' | 'guard' } | undefined => {
  const [, prefix, id] = /^lhf_(guard_lhf-|hops_|)([0-9a-z]{8})$/.exec(name) ?? [];
  return id === undefined ? undefined : { bridge: `lhf-${id}`, kind: prefix === 'guard_lhf-' ? 'guard' : 'rules' };
};

/** Reads the listing of `nft -a list ruleset`. */
export const parseNftMarks = (listing: string): Found[] => {
  const found: Found[] = [];
  let family = '';
  let table = '';
  let chain = '';
  let own: ReturnType<typeof readTableName>;
  for (const line of listing.split('\n')) {
    const [, newFamily, newTable] = /^table (\w+) (\S+) \{/.exec(line) ?? [];
    if (newFamily !== undefined && newTable !== undefined) {
      [family, table, chain] = [newFamily, newTable, ''];
      own = readTableName(table);
      continue;
    }
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const mark = line.startsWith(`\tcomment "`) || own === undefined ? parseMark(line) : undefined;
    if (mark === undefined) continue;
    if (own !== undefined) {
      if (own.bridge === mark.bridge) found.push({ kind: own.kind, name: table, family, ...mark });
      continue;
    }
    const handle = /# handle (\d+)$/.exec(line)?.[1];
    if (chain !== '' && handle !== undefined) {
      found.push({
        kind: 'accept',
        name: `${family} ${table} ${chain}`,
        rule: [family, table, chain, handle],
        ...mark,
      });
    }
  }
  return found;
};
