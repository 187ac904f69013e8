import { expect, test } from 'vitest';
import type { CommandOptions } from '../../../src/command/run.ts';
import { privilegesOf } from '../../../src/privilege/privileges.ts';
import { iptablesRules } from '../../../src/strategies/netfilter/leftovers/iptables.ts';

const session = '0035969e-0bef2a7c-1ulajuk-a92-9050-0n1jn';
const door = '-A PREROUTING -i lhf-+ -j LHF';
const jump = `-A LHF -i lhf-0n1jn+ -m comment --comment "lhf:0n1jn:${session}" -j LHF-0n1jn`;
const other = '-A LHF -i lhf-abcde+ -j LHF-abcde';
const listing = (...lines: readonly string[]): string => ['*nat', ':LHF - [0:0]', ...lines, 'COMMIT', ''].join('\n');
const before = listing(':LHF-0n1jn - [0:0]', ':LHF-abcde - [0:0]', door, jump, other);

/** Removes what the session has, where iptables-save then tells this; resolves to what is restored. */
const remove = async (after: string): Promise<string[]> => {
  const restored: string[] = [];
  const privileges = {
    ...privilegesOf({ kind: 'root' }),
    run: async (argv: readonly string[], { input = '' }: CommandOptions = {}) => {
      const [program = ''] = argv;
      if (program === 'iptables-restore') restored.push(input);
      const stdout = program !== 'iptables-save' ? 'nf_tables' : restored.length === 0 ? before : after;
      return { command: argv.join(' '), stdout, stderr: '', exitCode: 0, failure: undefined };
    },
  };
  const tools = { engine: undefined, privileges };
  const marks = (await iptablesRules.list(tools)).filter(({ nonce }) => nonce === '0n1jn');
  expect(await iptablesRules.remove(marks, tools)).toEqual(marks.map((mark) => ({ mark })));
  return restored;
};

test('the shared chain goes with who saw another in it, who has left meanwhile', async () => {
  const [first, ...rest] = await remove(listing(':LHF-abcde - [0:0]', door));
  expect(first).toContain('-X LHF-0n1jn');
  expect(first).not.toMatch(/-X LHF$/m);
  expect(rest).toEqual([`*nat\n${door.replace('-A', '-D')}\n-X LHF\nCOMMIT\n`]);
});

test('the shared chain stays with another who is still there', async () => {
  expect(await remove(listing(':LHF-abcde - [0:0]', door, other))).toHaveLength(1);
});
