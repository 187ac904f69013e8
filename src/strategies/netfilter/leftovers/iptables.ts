import { readFile } from 'node:fs/promises';
import type { CommandResult } from '../../../command/run.ts';
import { messageOf } from '../../../engine/networks.ts';
import type { RootArgv } from '../../../privilege/programs.ts';
import { removalOrder, type LeftoverKind, type LeftoverTools } from '../../leftover-kind.ts';
import {
  parseIptables,
  renderIptablesRemoval,
  renderSharedRemoval,
  type IptablesMark,
  type IptablesTable,
} from './iptables-marks.ts';
import { list, listOnce, privilegesIn, reasonOf } from './programs.ts';

/** A session's chains and rules that iptables keeps, in some of its tables. */
const kindOf = (
  { name, order }: Pick<LeftoverKind, 'name' | 'order'>,
  kind: IptablesMark['kind'],
  tables: readonly IptablesTable[],
  listedAt: LeftoverKind['listedAt'],
): LeftoverKind<IptablesMark> => ({
  name,
  kind,
  order,
  listedAt,
  list: async (tools) => {
    const listings = await Promise.all((await existing(tables, tools)).map(async (table) => listTable(table, tools)));
    return listings.flatMap(({ table, saved }) =>
      parseIptables(table, saved).map((mark) => ({ ...mark, origin: name })),
    );
  },
  ...(tables.some(hasShared) && {
    shared: {
      list: async (tools) => (await listBare(tables, tools, listOnce)).map(({ chain }) => chain),
      remove: async (tools) => {
        // What was listed already is looked at first: hardly ever is there anything.
        const bare = await listBare(tables, tools, listOnce);
        return takeShared(
          bare.map(({ table }) => table),
          tools,
        );
      },
    },
  }),
  remove: async (marks, tools) => {
    const failure = await removeAll(marks, tools)
      // Somebody else may have changed the rules between the listing and the removal.
      .catch(() => removeAll(marks, tools))
      .then(() => undefined, messageOf);
    return marks.map((mark) => (failure === undefined ? { mark } : { mark, failure }));
  },
});

/** The tables in which all processes' chains are reached through one. */
const hasShared = (table: IptablesTable): boolean => table === 'nat' || table === 'raw';

const listTable = async (
  table: IptablesTable,
  tools: LeftoverTools,
  how: typeof list = listOnce,
): Promise<{ table: IptablesTable; saved: string }> => ({ table, saved: await how(listingOf(table), tools) });

/** Of tables that have no chain of ours, only that one of theirs is read in which our accepts stand. */
const listingOf = (table: IptablesTable): RootArgv =>
  hasShared(table) ? ['iptables-save', '-t', table] : ['iptables', '-w', '5', '-t', table, '-S', 'INPUT'];

/** iptables' older kind makes each table that it is asked for. */
const existing = async (tables: readonly IptablesTable[], tools: LeftoverTools): Promise<readonly IptablesTable[]> => {
  const version = await listOnce(['iptables', '-V'], tools);
  if (version.includes('nf_tables')) return tables;
  const names = await readFile('/proc/net/ip_tables_names', 'utf8').catch(() => '');
  return tables.filter((table) => names.split('\n').includes(table));
};

/** All of them by one restore. */
const removeAll = async (marks: readonly IptablesMark[], tools: LeftoverTools): Promise<void> => {
  const tables = [...new Set(marks.map(({ table }) => table))];
  const listings = await Promise.all(tables.map((table) => listTable(table, tools, list)));
  const inputs = listings.map(({ table, saved }) => renderIptablesRemoval(table, saved, marks));
  if (inputs.join('') === '') return;
  const result = await restore(inputs.join(''), tools);
  if (result.exitCode !== 0) throw new Error(reasonOf(result));
  await takeShared(
    tables.filter((table, n) => hasShared(table) && !/^-X LHF$/m.test(inputs[n] ?? '')),
    tools,
  );
};

/** Chains that processes share and that nobody is in, each with what takes it away. */
const listBare = async (
  tables: readonly IptablesTable[],
  tools: LeftoverTools,
  how: typeof list,
): Promise<{ table: IptablesTable; chain: string; input: string }[]> => {
  const there = await existing(tables.filter(hasShared), tools);
  const listings = await Promise.all(there.map(async (table) => listTable(table, tools, how)));
  return listings.flatMap(({ table, saved }) => {
    const input = renderSharedRemoval(table, saved);
    return input === '' ? [] : [{ table, chain: `iptables ${table}: LHF`, input }];
  });
};

/** Resolves to the names of the chains that went. */
const takeShared = async (tables: readonly IptablesTable[], tools: LeftoverTools): Promise<string[]> => {
  const bare = tables.length === 0 ? [] : await listBare(tables, tools, list);
  if (bare.length === 0) return [];
  // Refused, it is somebody else's by now, who takes it along when he leaves.
  const { exitCode } = await restore(bare.map(({ input }) => input).join(''), tools);
  return exitCode === 0 ? bare.map(({ chain }) => chain) : [];
};

const restore = (input: string, tools: LeftoverTools): Promise<CommandResult> =>
  privilegesIn(tools).run(['iptables-restore', '-w', '5', '--noflush'], { input });

export const iptablesRules = kindOf(
  { name: 'iptables: rules', order: removalOrder.rules },
  'rules',
  ['nat'],
  'first opening',
);

export const iptablesAccepts = kindOf(
  { name: 'iptables: chains of others', order: removalOrder.rules },
  'accept',
  ['filter', 'mangle', 'security'],
  'a death',
);

export const iptablesGuards = kindOf(
  { name: 'iptables: guards', order: removalOrder.guard },
  'guard',
  ['raw'],
  'first opening',
);
