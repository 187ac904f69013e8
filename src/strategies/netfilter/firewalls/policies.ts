import { readFile } from 'node:fs/promises';
import { now } from '../../../clock.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import type { InputChain } from './accept-rule.ts';

/** For how long one listing serves the openings of a process, in milliseconds: those in a row meet one firewall. */
const freshForMs = 2_000;
const recent = new Map<string, { readonly at: number; readonly listing: Promise<InputChain[]> }>();

/**
 * Base chains of hook input that drop what they do not name. Reading policies is all that can be done without a packet: which of its
 * rules a packet would meet, only a packet tells. At most one listing in two seconds for each kind of rights: it waits for the engine's own work on rules.
 */
export const listDroppingPolicies = (privileges: Privileges): Promise<InputChain[]> => {
  // By whose rights: who may not list them sees none.
  const { kind } = privileges.handle;
  const known = recent.get(kind);
  if (known !== undefined && now() - known.at <= freshForMs) return known.listing;
  const listing = list(privileges);
  recent.set(kind, { at: now(), listing });
  return listing;
};

const list = async (privileges: Privileges): Promise<InputChain[]> => {
  const [{ stdout }, legacy] = await Promise.all([privileges.run(['nft', 'list', 'chains']), listLegacy(privileges)]);
  return [...parsePolicies(stdout), ...legacy];
};

/** The same, read from what `nft list chains` prints. */
export const parsePolicies = (listing: string): InputChain[] => {
  let [family, table, chain] = ['', '', ''];
  return listing.split('\n').flatMap((line) => {
    [, family = family, table = table] = /^table (\S+) (\S+) \{/.exec(line) ?? [];
    [, chain = chain] = /^\tchain (\S+) \{/.exec(line) ?? [];
    return /\bhook input\b.*\bpolicy drop\b/.test(line) && (family === 'ip' || family === 'inet')
      ? [{ family, table, chain }]
      : [];
  });
};

// nft does not see the tables of iptables' older kind, and asking for one that is not there would make it.
const listLegacy = async (privileges: Privileges): Promise<InputChain[]> => {
  const tables = await readFile('/proc/net/ip_tables_names', 'utf8').catch(() => '');
  if (!/^filter$/m.test(tables)) return [];
  const { stdout } = await privileges.run(['iptables', '-w', '5', '-S', 'INPUT']);
  return stdout.includes('-P INPUT DROP') ? [{ family: 'ip', table: 'filter', chain: 'INPUT' }] : [];
};
