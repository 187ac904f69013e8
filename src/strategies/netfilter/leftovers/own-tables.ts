import { delay, now } from '../../../clock.ts';
import { namesOf, parseMark } from '../../../ownership/names.ts';
import { removalOrder, type LeftoverKind, type LeftoverTools, type Mark, type Outcome } from '../../leftover-kind.ts';
import { tableNamesOf } from '../tables/rules.ts';
import { readRouteLocalnet } from '../route-localnet.ts';
import { bridgesIn, listOwnTables, readTables, removeByNft, renderTableRemoval } from './nft.ts';

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

/** A session's guard: it stands while `route_localnet` may be on. */
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
    const open = await Promise.all(marks.map((mark) => openBridgeOf(mark)));
    const stand = marks.flatMap((mark, n): Outcome[] =>
      open[n] === undefined ? [] : [{ mark, failure: `it stands until ${open[n]} is shut or gone` }],
    );
    const go = marks.filter((_, n) => open[n] === undefined);
    return [...stand, ...(await removeByNft(go, renderTableRemoval, tools))];
  },
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
  remove: (marks, tools) => removeByNft(marks, renderTableRemoval, tools),
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
