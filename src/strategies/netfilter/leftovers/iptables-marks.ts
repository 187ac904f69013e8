import { parseMark } from '../../../ownership/names.ts';
import type { Mark } from '../../leftover-kind.ts';
import { commentOf, plainRulesIn, wholeLinesIn } from '../rule-lines.ts';

export type IptablesTable = 'nat' | 'raw' | 'filter' | 'mangle' | 'security';

/** What one session has in one table. */
export interface IptablesMark extends Mark {
  readonly table: IptablesTable;
}

/** The chain that all processes share: it has a jump to each one's own, and goes with the last. */
const sharedChain = 'LHF';

/** Our chains carry the nonce in their names: `LHF-<nonce>` a process's, `LHF-lhf-<nonce><3>` a forward's. */
const ownChain = /^LHF-(?:lhf-)?([0-9a-z]{5})([0-9a-z]{3})?$/;

/**
 * Reads what iptables-save prints of one table, or `iptables -S` of one chain: a mark for each session, with the bridges that are named.
 * Chains that two sessions claim by the same nonce are neither's.
 */
export const parseIptables = (table: IptablesTable, saved: string): Omit<IptablesMark, 'origin'>[] => {
  const found = new Map<string, { sessions: Set<string>; bridges: Set<string> }>();
  for (const line of linesIn(saved)) {
    const { nonce, session, bridge } = ownerOf(line) ?? {};
    if (nonce === undefined) continue;
    const one = found.get(nonce) ?? { sessions: new Set(), bridges: new Set() };
    if (session !== undefined) one.sessions.add(session);
    if (bridge !== undefined) one.bridges.add(bridge);
    found.set(nonce, one);
  }
  const kind = table === 'nat' ? 'rules' : table === 'raw' ? 'guard' : 'accept';
  const name = (nonce: string): string => (kind === 'accept' ? `ip ${table} INPUT` : `iptables ${table}: LHF-${nonce}`);
  return [...found].flatMap(([nonce, { sessions, bridges }]) =>
    (sessions.size === 0 ? [undefined] : [...sessions]).map((session) => ({
      kind,
      name: name(nonce),
      nonce,
      session,
      bridges: [...bridges],
      table,
    })),
  );
};

/** Declarations of chains, and rules. */
const linesIn = (saved: string): string[] => [
  ...wholeLinesIn(saved).filter((line) => /^:[\w-]+ /.test(line)),
  ...plainRulesIn(saved),
];

/**
 * What iptables-restore takes to remove these sessions' rules and chains from one table, and the shared chain where nothing else is in
 * it. That one is not flushed: a jump that somebody adds meanwhile makes the whole removal fail, to be tried again, and is not lost.
 */
export const renderIptablesRemoval = (table: IptablesTable, saved: string, marks: readonly IptablesMark[]): string => {
  const going = marks.filter((mark) => mark.table === table);
  const lines = linesIn(saved);
  const claims = new Map<string, Set<string>>();
  for (const { nonce, session } of lines.flatMap((line) => ownerOf(line) ?? []))
    if (session !== undefined) claims.set(nonce, (claims.get(nonce) ?? new Set()).add(session));
  const isTheirs = (line: string): boolean => {
    const owner = ownerOf(line);
    if (owner === undefined) return false;
    const isContested = (claims.get(owner.nonce)?.size ?? 0) > 1;
    return going.some(
      ({ nonce, session }) =>
        nonce === owner.nonce && (owner.session === undefined ? !isContested : owner.session === session),
    );
  };
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
  const lines = linesIn(saved);
  const isEmpty = !lines.some((line) => line.startsWith(`-A ${sharedChain} `));
  if (!isEmpty || !lines.some((line) => line.startsWith(`:${sharedChain} `))) return '';
  const doors = lines.filter((line) => line.startsWith('-A ') && line.endsWith(` -j ${sharedChain}`));
  return [`*${table}`, ...doors.map((line) => line.replace('-A', '-D')), `-X ${sharedChain}`, 'COMMIT', ''].join('\n');
};

const chainOf = (line: string): string => /^(?::|-A )(\S+)/.exec(line)?.[1] ?? '';

/**
 * Whose line it is: by the name of a chain of ours that it is in or leads to, or by the mark of an accept of ours in another chain. A mark
 * counts on a rule that does what ours does, for the bridges of its own session.
 */
const ownerOf = (line: string): { nonce: string; session?: string; bridge?: string | undefined } | undefined => {
  const [, nonce, rest] = ownChain.exec(chainOf(line)) ?? [];
  if (nonce !== undefined) return { nonce, bridge: rest === undefined ? undefined : `lhf-${nonce}${rest}` };
  if (!line.startsWith('-A ')) return undefined;
  const mark = parseMark(commentOf(line));
  const target = / -j (\S+)$/.exec(line)?.[1] ?? '';
  const [, led, ledRest] = ownChain.exec(target) ?? [];
  if (led !== undefined) {
    const bridge = ledRest === undefined ? undefined : `lhf-${led}${ledRest}`;
    return { nonce: led, ...(mark?.nonce === led && { session: mark.session }), bridge };
  }
  return mark !== undefined && target === 'ACCEPT' && line.includes(` -i ${mark.bridge ?? `lhf-${mark.nonce}+`} `)
    ? mark
    : undefined;
};
