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

/** Whether nft reads it as a family, a table and a chain, and as nothing else: netlink takes any name. */
const isPlace = (place: string): boolean => /^\w+ [A-Za-z_][\w/\\.-]* [A-Za-z_][\w/\\.-]*$/.test(place);

const isOurs = (table: string): boolean => table.startsWith('ip lhf_');

/** Base chains of tables that are not ours, as `family table chain`. */
export const parseBaseChains = (listing: string): string[] => {
  let [table, chain] = ['', ''];
  return listing.split('\n').flatMap((line) => {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const isOthers = /^\t\ttype \w+ hook /.test(line) && !isOurs(table);
    return isOthers && isPlace(`${table} ${chain}`) ? [`${table} ${chain}`] : [];
  });
};

/** Rules with a mark of ours in the listings of chains, with handles. */
export const parseAccepts = (listing: string): AcceptMark[] => {
  let [table, chain] = ['', ''];
  return listing.split('\n').flatMap((line) => {
    // Before it an interactive nft may prompt; in a rule it is a comment's.
    table = /^(?:nft> )*table (\w+ \S+) \{(?: # handle \d+)?$/.exec(line)?.[1] ?? table;
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const [, device, comment = '', handle] =
      /^\t\tiifname "(lhf-[0-9a-z]{5}(?:\*|[0-9a-z]{3}))" (?:.* )?accept comment "(lhf:[^"]*)" # handle (\d+)$/.exec(
        line,
      ) ?? [];
    const mark = parseMark(comment);
    // A mark counts on a rule that does what ours does, for the bridges of its own session.
    if (handle === undefined || mark === undefined || isOurs(table) || !isPlace(`${table} ${chain}`)) return [];
    if (device !== (mark.bridge ?? `lhf-${mark.nonce}*`)) return [];
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
