import { parseMark } from '../../../ownership/names.ts';
import type { Mark } from '../../leftover-kind.ts';

export type IptablesTable = 'nat' | 'raw' | 'filter' | 'mangle' | 'security';

/** What one session has in one table. */
export interface IptablesMark extends Mark {
  readonly table: IptablesTable;
}

/** The chain that all processes share: it has a jump to each one's own, and goes with the last. */
const sharedChain = 'LHF';

/** Our chains carry the nonce in their names: `LHF-<nonce>` a process's, `LHF-lhf-<nonce><3>` a forward's. */
const ownChain = /^LHF-(?:lhf-)?([0-9a-z]{5})([0-9a-z]{3})?$/;

/** Reads what iptables-save prints of one table, or `iptables -S` of one chain: a mark for each session, with the bridges that are named. */
export const parseIptables = (table: IptablesTable, saved: string): Omit<IptablesMark, 'origin'>[] => {
  const found = new Map<string, { session: string | undefined; bridges: Set<string> }>();
  for (const line of saved.split('\n')) {
    const { nonce, session, bridge } = ownerOf(line) ?? {};
    if (nonce === undefined) continue;
    const one = found.get(nonce) ?? { session: undefined, bridges: new Set() };
    // A chain comes before the rule that names its owner.
    one.session ??= session;
    if (bridge !== undefined) one.bridges.add(bridge);
    found.set(nonce, one);
  }
  const kind = table === 'nat' ? 'rules' : table === 'raw' ? 'guard' : 'accept';
  const name = (nonce: string): string => (kind === 'accept' ? `ip ${table} INPUT` : `iptables ${table}: LHF-${nonce}`);
  return [...found].map(([nonce, { session, bridges }]) => ({
    kind,
    name: name(nonce),
    nonce,
    session,
    bridges: [...bridges],
    table,
  }));
};

/**
 * What iptables-restore takes to remove these sessions' rules and chains from one table, and the shared chain where nothing else is in
 * it. That one is not flushed: a jump that somebody adds meanwhile makes the whole removal fail, to be tried again, and is not lost.
 */
export const renderIptablesRemoval = (table: IptablesTable, saved: string, marks: readonly IptablesMark[]): string => {
  const nonces = new Set(marks.flatMap((mark) => (mark.table === table ? [mark.nonce] : [])));
  const lines = saved.split('\n');
  const isTheirs = (line: string): boolean => nonces.has(ownerOf(line)?.nonce ?? '');
  const chains = lines.flatMap((line) => (line.startsWith(':') && isTheirs(line) ? [chainOf(line)] : []));
  const rules = lines.filter((line) => line.startsWith('-A ') && !ownChain.test(chainOf(line)));
  const theirs = rules.filter(isTheirs);
  const isLast = !rules.some((line) => chainOf(line) === sharedChain && !isTheirs(line));
  const isShared = lines.some((line) => line.startsWith(`:${sharedChain} `));
  const jumps = isShared && isLast ? rules.filter((line) => line.endsWith(`-j ${sharedChain}`)) : [];
  if (chains.length + theirs.length === 0) return '';
  return [
    `*${table}`,
    ...[...theirs, ...jumps].map((line) => line.replace('-A', '-D')),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
    ...(isShared && isLast ? [`-X ${sharedChain}`] : []),
    'COMMIT',
    '',
  ].join('\n');
};

/**
 * What iptables-restore takes to remove the shared chain where nothing is in it any more; empty where it is not there, or is in use.
 * Of two who leave at the same time, each may have seen the other in it: whoever looks after it has left sees that it was the last.
 */
export const renderSharedRemoval = (table: IptablesTable, saved: string): string => {
  const lines = saved.split('\n');
  const isEmpty = !lines.some((line) => line.startsWith(`-A ${sharedChain} `));
  if (!isEmpty || !lines.some((line) => line.startsWith(`:${sharedChain} `))) return '';
  const doors = lines.filter((line) => line.startsWith('-A ') && line.endsWith(` -j ${sharedChain}`));
  return [`*${table}`, ...doors.map((line) => line.replace('-A', '-D')), `-X ${sharedChain}`, 'COMMIT', ''].join('\n');
};

const chainOf = (line: string): string => /^(?::|-A )(\S+)/.exec(line)?.[1] ?? '';

/** Whose line it is: by the name of a chain of ours, or by a mark on a rule in another chain. */
const ownerOf = (line: string): { nonce: string; session?: string; bridge?: string | undefined } | undefined => {
  const [, nonce, rest] = ownChain.exec(chainOf(line)) ?? [];
  if (nonce !== undefined) return { nonce, bridge: rest === undefined ? undefined : `lhf-${nonce}${rest}` };
  return line.startsWith('-A ') ? parseMark(line) : undefined;
};
