import { delay, now } from '../../../clock.ts';
import { namesOf, parseMark } from '../../../ownership/names.ts';
import { removalOrder, type LeftoverKind, type LeftoverTools, type Mark, type Outcome } from '../../leftover-kind.ts';
import { interfaceExists } from '../../../host/kernel.ts';
import { partOf } from '../tables/listing.ts';
import { tableNamesOf } from '../tables/rules.ts';
import { readRouteLocalnet } from '../../unguarded.ts';
import { bridgesIn, listOwnTables, readTables, removeByNft, renderTableRemoval } from './nft.ts';
import { list } from './programs.ts';

const name = 'nftables';

/** Tables of ours that fit a pattern, whose first group is the nonce; by their names alone. */
const listTables = async (
  pattern: RegExp,
  { kind, origin }: Pick<Mark, 'kind' | 'origin'>,
  tools: LeftoverTools,
): Promise<Mark[]> =>
  (await listOwnTables(tools)).flatMap((table) => {
    const [, nonce, rest] = pattern.exec(table) ?? [];
    if (nonce === undefined) return [];
    return [
      {
        kind,
        origin,
        name: table,
        nonce,
        session: undefined,
        bridges: rest === undefined ? [] : [`lhf-${nonce}${rest}`],
      },
    ];
  });

/** Their owner by their comment, without which a table is a stranger's, and the bridges in them. */
const readMarks = async (marks: readonly Mark[], tools: LeftoverTools): Promise<Mark[]> => {
  const listings = await readTables(
    marks.map((mark) => mark.name),
    tools,
  );
  return marks.flatMap((mark) => {
    const listing = listings.get(mark.name) ?? '';
    const owner = parseMark(/^\tcomment "(.*)"$/m.exec(listing)?.[1] ?? '');
    if (owner?.nonce !== mark.nonce) return [];
    return [{ ...mark, session: owner.session, bridges: [...new Set([...mark.bridges, ...bridgesIn(listing)])] }];
  });
};

const guardOrigin = `${name}: guards`;

/** A session's guard: it stands while `route_localnet` may be on, or a hermetic network is there. */
export const guardTables: LeftoverKind = {
  name: guardOrigin,
  kind: 'guard',
  order: removalOrder.guard,
  listedAt: 'every opening',
  list: (tools) => listTables(/^lhf_guard_([0-9a-z]{5})$/, { kind: 'guard', origin: guardOrigin }, tools),
  read: readMarks,
  named: ({ session, nonce, bridges }) => [
    { kind: 'guard', origin: guardOrigin, name: tableNamesOf(nonce, session).guard, nonce, session, bridges },
  ],
  remove: async (marks, tools) => {
    const shut = await listHermetic(marks, tools);
    const why = await Promise.all(
      marks.map(async (mark) => {
        const open = await openBridgeOf(mark);
        if (open !== undefined) return `it stands until ${open} is shut or gone`;
        const kept = shut.get(mark.name)?.find(interfaceExists);
        return kept === undefined ? undefined : `it keeps ${kept} hermetic until that is gone`;
      }),
    );
    const stand = marks.flatMap((mark, n): Outcome[] => (why[n] === undefined ? [] : [{ mark, failure: why[n] }]));
    const go = marks.filter((_, n) => why[n] === undefined);
    return [...stand, ...(await removeByNft(go, renderTableRemoval, tools))];
  },
};

/** Bridges that nothing may leave or come into as long as they are there, whoever is dead, by their guard's name. */
const listHermetic = async (
  marks: readonly Mark[],
  tools: LeftoverTools,
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const listings = await readTables(
    marks.map(({ name: table }) => table),
    tools,
  );
  return new Map([...listings].map(([table, listing]) => [table, bridgesIn(partOf(listing, 'set hermetic'))]));
};

const openBridgeOf = async ({ bridges }: Mark): Promise<string | undefined> => {
  for (const bridge of bridges) if ((await readRouteLocalnet(bridge)) === true) return bridge;
  return undefined;
};

const hopsOrigin = `${name}: counters of a diagnosis`;

/** The counters of a diagnosis that was killed. */
export const hopsTables: LeftoverKind = {
  name: hopsOrigin,
  kind: 'rules',
  order: removalOrder.rules,
  listedAt: 'every opening',
  list: (tools) => listTables(/^lhf_hops_([0-9a-z]{5})([0-9a-z]{3})$/, { kind: 'rules', origin: hopsOrigin }, tools),
  read: readMarks,
  named: ({ session, nonce, bridges }) =>
    bridges.map((bridge) => ({
      kind: 'rules',
      origin: hopsOrigin,
      name: namesOf(bridge.slice('lhf-'.length)).hopsTable,
      nonce,
      session,
      bridges: [bridge],
    })),
  remove: async (marks, tools) => {
    // Its part in a table of bridges, which a kernel without those has not.
    const listing = await list(['nft', 'list', 'chains', 'bridge'], tools).catch(() => '');
    const there = marks.filter(({ name: table }) => listing.includes(`table bridge ${table} {`));
    await removeByNft(there, ({ name: table }) => [`delete table bridge ${table}`], tools);
    return removeByNft(marks, renderTableRemoval, tools);
  },
};

const heldOrigin = `${name}: owned tables`;

/** How long a holder may take to let go of what it holds, in milliseconds. */
const letGoMs = 2_000;

/** A session's owned table: only its holder can remove it, and does as soon as its process is gone. */
export const heldTables: LeftoverKind = {
  name: heldOrigin,
  kind: 'rules',
  order: removalOrder.rules,
  listedAt: 'a sweep',
  list: (tools) => listTables(/^lhf_([0-9a-z]{5})$/, { kind: 'rules', origin: heldOrigin }, tools),
  read: readMarks,
  named: () => [],
  remove: async (marks, tools) => {
    const givenUpAt = now() + letGoMs;
    for (;;) {
      const there = await readTables(
        marks.map((mark) => mark.name),
        tools,
      );
      const stay = (mark: Mark): Outcome =>
        there.has(mark.name) ? { mark, failure: 'a process of its owner lives and holds it' } : { mark };
      if (there.size === 0 || now() > givenUpAt) return marks.map(stay);
      await delay(50);
    }
  },
};
