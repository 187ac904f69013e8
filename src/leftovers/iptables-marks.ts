import { parseMark } from '../ownership/names.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { Found } from './leftover.ts';

/** Chains and rules of ours that iptables has, one entry per bridge and table. */
export const findIptablesMarks = async (privileges: Privileges): Promise<Found[]> => {
  const { stdout } = await privileges.run(['iptables-save']);
  return parseIptablesMarks(stdout);
};

/** Bridges that iptables has a chain of ours for, whoever owns them. */
export const listOwnChainBridges = async (privileges: Privileges): Promise<string[]> =>
  (await findIptablesMarks(privileges)).map(({ bridge }) => bridge);

const kinds: Readonly<Record<string, Found['kind']>> = { raw: 'guard', nat: 'rules', filter: 'accept' };

/** Reads what `iptables-save` prints. */
export const parseIptablesMarks = (saved: string): Found[] => {
  const found = new Map<string, Found>();
  let table = '';
  for (const line of saved.split('\n')) {
    table = /^\*(\w+)/.exec(line)?.[1] ?? table;
    const chain = /^:LHF-(lhf-[0-9a-z]{8}) /.exec(line)?.[1];
    const mark = line.startsWith('-A ') ? parseMark(line) : undefined;
    const bridge = mark?.bridge ?? chain;
    const kind = kinds[table];
    if (bridge === undefined || kind === undefined) continue;
    const key = `${table} ${bridge}`;
    // A chain comes before the rule that names its owner.
    const session = mark?.session ?? found.get(key)?.session;
    found.set(key, { kind, name: `iptables ${table}: LHF-${bridge}`, bridge, session, iptables: [table] });
  }
  return [...found.values()];
};
