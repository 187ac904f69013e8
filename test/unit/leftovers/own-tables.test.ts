import { describe, expect, test } from 'vitest';
import type { CommandOptions, CommandResult } from '../../../src/command/run.ts';
import { privilegesOf, type Privileges } from '../../../src/privilege/privileges.ts';
import { look } from '../../../src/leftovers/look.ts';
import { guardTables, hopsTables } from '../../../src/strategies/netfilter/leftovers/own-tables.ts';

const sessionOf = (nonce: string): string => `0035969e-0bef2a7c-1ulajuk-a92-9050-${nonce}`;

type Answer = (command: string, input: string) => Partial<CommandResult>;

/** Answers in the place of nft, and notes what it is asked. */
const pretend = (answer: Answer) => {
  const asked: string[] = [];
  const privileges: Privileges = {
    ...privilegesOf({ kind: 'root' }),
    run: async (argv: readonly string[], { input = '' }: CommandOptions = {}) => {
      const command = argv.join(' ');
      asked.push(command);
      return { command, stdout: '', stderr: '', exitCode: 0, failure: undefined, ...answer(command, input) };
    },
  };
  return { asked, tools: { engine: undefined, privileges } };
};

const listing = (name: string, comment: string, bridges: readonly string[]): string =>
  [
    `table ip ${name} { # handle 3`,
    `\tcomment "${comment}"`,
    '\tset bridges {',
    '\t\ttype ifname',
    `\t\telements = { ${bridges.map((bridge) => `"${bridge}"`).join(',\n\t\t\t     ')} }`,
    '\t}',
    '}',
    '',
  ].join('\n');

const tables = ['aaaaa', 'bbbbb', 'ccccc'].map((nonce) => `lhf_guard_${nonce}`);
const names = [...tables, 'lhf_aaaaa', 'lhf_guard_lhf-aaaaabbb', 'lhf_hops_aaaaa111', 'filter'];

describe('guards', () => {
  const { asked, tools } = pretend((command, input) => {
    if (command === 'nft list chains ip') return { stdout: names.map((name) => `table ip ${name} {\n}\n`).join('') };
    if (input !== tables.map((name) => `list table ip ${name}\n`).join('')) return { exitCode: 1, stderr: input };
    return {
      stdout: [
        listing('lhf_guard_aaaaa', `lhf:aaaaa:${sessionOf('aaaaa')}`, ['lhf-aaaaa111', 'lhf-aaaaa222']),
        // A stranger's, and one whose mark is another one's.
        listing('lhf_guard_bbbbb', 'mine', []),
        listing('lhf_guard_ccccc', `lhf:ccccc:${sessionOf('aaaaa')}`, []),
      ].join(''),
    };
  });

  test('are found by name, and told by their comments, in two calls however many there are', async () => {
    expect((await guardTables.list(tools)).map(({ name, session }) => [name, session])).toEqual(
      tables.map((name) => [name, undefined]),
    );
    const { marks } = await look([guardTables], tools);
    expect(marks).toEqual([
      {
        kind: 'guard',
        origin: guardTables.name,
        name: 'lhf_guard_aaaaa',
        nonce: 'aaaaa',
        session: sessionOf('aaaaa'),
        bridges: ['lhf-aaaaa111', 'lhf-aaaaa222'],
      },
    ]);
    expect(asked).toEqual(['nft list chains ip', 'nft -a -i']);
  });
});

const hops = hopsTables.named?.({
  session: sessionOf('aaaaa'),
  nonce: 'aaaaa',
  bridges: ['lhf-aaaaa111', 'lhf-aaaaa222'],
  made: [],
});

describe('removal', () => {
  test('is one transaction, of names known without a listing, where no bridges’ table is', async () => {
    const { asked, tools } = pretend((command, input) => {
      if (command !== 'nft -f -') return {};
      expect(input).toBe(
        ['111', '222'].map((n) => `add table ip lhf_hops_aaaaa${n}\ndelete table ip lhf_hops_aaaaa${n}\n`).join(''),
      );
      return {};
    });
    expect(await hopsTables.remove(hops ?? [], tools)).toEqual(hops?.map((mark) => ({ mark })));
    expect(asked).toEqual(['nft list chains bridge', 'nft -f -']);
  });

  test('begins with what is in tables of bridges, which is known by the other', async () => {
    const sent: string[] = [];
    const { tools } = pretend((command, input) => {
      if (command === 'nft list chains bridge') return { stdout: 'table bridge lhf_hops_aaaaa222 {\n}\n' };
      sent.push(...input.split('\n'));
      return {};
    });
    await hopsTables.remove(hops ?? [], tools);
    expect(sent.filter((line) => line.startsWith('delete'))).toEqual([
      'delete table bridge lhf_hops_aaaaa222',
      'delete table ip lhf_hops_aaaaa111',
      'delete table ip lhf_hops_aaaaa222',
    ]);
  });

  test('one that is refused keeps no other from going', async () => {
    const { tools } = pretend((_command, input) =>
      input.includes('aaaaa111') ? { exitCode: 1, stderr: 'Error: Operation not permitted\n' } : {},
    );
    expect(await hopsTables.remove(hops ?? [], tools)).toEqual([
      { mark: hops?.[0], failure: 'Error: Operation not permitted' },
      { mark: hops?.[1] },
    ]);
  });
});

describe('a look that fails', () => {
  test.each<[string, Partial<CommandResult>, string]>([
    ['is refused', { exitCode: 1, stderr: 'Operation not permitted\n' }, 'Operation not permitted'],
    ['takes too long', { exitCode: undefined, failure: 'took longer than 30000 ms' }, 'took longer than 30000 ms'],
  ])('because it %s is told, and is not a look that found nothing', async (_what, result, reason) => {
    const { tools } = pretend(() => result);
    expect(await look([guardTables], tools)).toEqual({
      marks: [],
      unseen: [{ name: guardTables.name, reason: `nft list chains ip: ${reason}` }],
    });
  });

  test('because nobody may look is told', async () => {
    const { unseen } = await look([guardTables], { engine: undefined, privileges: undefined });
    expect(unseen).toEqual([{ name: guardTables.name, reason: 'this needs root, or sudo without a password' }]);
  });
});
