import { parseMark } from '../../../ownership/names.ts';
import { removalOrder, type LeftoverKind, type Mark } from '../../leftover-kind.ts';
import { listSeparately, removeByNft } from './nft.ts';
import { listOnce } from './programs.ts';

const origin = 'nftables: chains of others';

/** One accept of ours in somebody's chain, with its place as `nft delete rule` takes it. */
export interface AcceptMark extends Mark {
  readonly rule: string;
}

/** Accepts that nft put into base chains of other people. Only those chains are read, never all rules of the host. */
export const nftAccepts: LeftoverKind<AcceptMark> = {
  name: origin,
  kind: 'accept',
  order: removalOrder.rules,
  listedAt: 'a death',
  list: async (tools) => {
    const chains = parseBaseChains(await listOnce(['nft', 'list', 'chains'], tools));
    return parseAccepts(
      await listSeparately(
        chains.map((chain) => `list chain ${chain}`),
        tools,
      ),
    );
  },
  remove: (marks, tools) => removeByNft(marks, ({ rule }) => [`delete rule ${rule}`], tools),
};

/** Base chains of tables that are not ours, as `family table chain`. */
export const parseBaseChains = (listing: string): string[] => {
  let [table, chain] = ['', ''];
  return listing.split('\n').flatMap((line) => {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    return /^\t\ttype \w+ hook /.test(line) && !table.startsWith('ip lhf_') ? [`${table} ${chain}`] : [];
  });
};

/** Rules with a mark of ours in the listings of chains, with handles. */
export const parseAccepts = (listing: string): AcceptMark[] => {
  let [table, chain] = ['', ''];
  return listing.split('\n').flatMap((line) => {
    table = /table (\w+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const [, comment = '', handle] = /^\t\t.* comment "(lhf:[^"]*)" # handle (\d+)$/.exec(line) ?? [];
    const mark = parseMark(comment);
    if (mark === undefined || handle === undefined) return [];
    const { nonce, session, bridge } = mark;
    return [
      {
        kind: 'accept',
        origin,
        name: `${table} ${chain}`,
        nonce,
        session,
        bridges: bridge === undefined ? [] : [bridge],
        rule: `${table} ${chain} handle ${handle}`,
      },
    ];
  });
};
