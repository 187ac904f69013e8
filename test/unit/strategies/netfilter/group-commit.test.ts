import { expect, it } from 'vitest';
import { GroupCommit } from '../../../../src/strategies/netfilter/group-commit.ts';

/** Refuses each commit that has one of these in it. */
const open = (
  bad: readonly string[] = [],
  help: (change: string) => Error | undefined = (change) => new Error(change),
) => {
  const commits: string[][] = [];
  const group = new GroupCommit<string>({
    commit: async (changes, onSent) => {
      commits.push([...changes]);
      await Promise.resolve();
      onSent();
      await Promise.resolve();
      return changes.some((change) => bad.includes(change)) ? `no ${changes.join(' ')}` : '';
    },
    refused: async (change) => help(change),
  });
  return { commits, submit: (change: string, onSent?: () => void) => group.submit(change, onSent) };
};

it('makes one commit of all that is asked for meanwhile', async () => {
  const { commits, submit } = open();
  await Promise.all(Array.from({ length: 100 }, (_, n) => submit(String(n))));
  expect(commits.map(({ length }) => length)).toEqual([1, 99]);
});

it('tries each alone where all together were refused, so that one’s refusal is nobody else’s', async () => {
  const { commits, submit } = open(['b']);
  const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map((change) => submit(change)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  expect(commits).toEqual([['a'], ['b', 'c', 'd'], ['b'], ['c'], ['d']]);
});

it('settles a refused one by what helped, or did not', async () => {
  await expect(open(['a'], () => undefined).submit('a')).resolves.toBeUndefined();
  await expect(open(['a'], () => new Error('never')).submit('a')).rejects.toThrow('never');
});

it('says that a change is on its way when it has been written, and before it is in', async () => {
  const seen: string[] = [];
  const { submit } = open();
  await submit('a', () => seen.push('sent')).then(() => seen.push('in'));
  expect(seen).toEqual(['sent', 'in']);
});
