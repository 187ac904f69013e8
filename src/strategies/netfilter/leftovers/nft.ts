import type { Privileges } from '../../../privilege/privileges.ts';
import type { LeftoverTools, Mark, Outcome } from '../../leftover-kind.ts';
import { isMissing, list, listOnce, mayHave, privilegesIn, reasonOf } from './programs.ts';

/**
 * Names of the tables of family ip that could be ours. A listing of chains tells them: one of tables takes nft 1.0.6 four seconds where
 * others keep 50,000 rules, since it reads them all.
 */
export const listOwnTables = async (tools: LeftoverTools): Promise<string[]> => {
  const listing = await listOnce(['nft', 'list', 'chains', 'ip'], tools);
  return listing.split('\n').flatMap((line) => /^table ip (lhf_\S+) \{$/.exec(line)?.[1] ?? []);
};

/**
 * What nft answers to some listings, in one process. They are separate commands of an interactive nft: it reads no more than each asks
 * for (several in one file it would filter by the last, and miss the others), and one whose table is gone keeps no other from its answer.
 */
export const listSeparately = async (commands: readonly string[], tools: LeftoverTools): Promise<string> => {
  const one = (command: string): Promise<string> =>
    list(['nft', '-a', ...command.split(' ')], tools).catch((error: unknown) => {
      if (isGone(String(error))) return '';
      throw error;
    });
  const [only, ...others] = commands;
  if (only === undefined) return '';
  if (others.length === 0) return one(only);
  const input = commands.map((command) => `${command}\n`).join('');
  return list(['nft', '-a', '-i'], tools, { input }).catch(async () => {
    // An nft without an interactive mode.
    const listings: string[] = [];
    for (const command of commands) listings.push(await one(command));
    return listings.join('');
  });
};

/** Tables by name, as nft lists them; those that are gone are left out. */
export const readTables = async (
  names: readonly string[],
  tools: LeftoverTools,
): Promise<ReadonlyMap<string, string>> => {
  const listing = await listSeparately(
    names.map((name) => `list table ip ${name}`),
    tools,
  );
  const parts = listing.split(/^.*?table ip (?=lhf_\S+ \{)/m).slice(1);
  const byName = Map.groupBy(parts, (part) => part.slice(0, part.indexOf(' ')));
  // What is listed twice is written in somebody's comment, too.
  return new Map([...byName].flatMap(([name, [part = '', ...others]]) => (others.length === 0 ? [[name, part]] : [])));
};

/** The names of bridges of ours in a listing. */
export const bridgesIn = (listing: string): string[] => [
  ...new Set(Array.from(listing.matchAll(/"(lhf-[0-9a-z]{8})"/g), ([, bridge = '']) => bridge)),
];

/** Removes all in one transaction; where that is refused, each in one of its own, so that one's refusal is nobody else's. */
export const removeByNft = async <M extends Mark>(
  marks: readonly M[],
  render: (mark: M) => readonly string[],
  tools: LeftoverTools,
): Promise<Outcome<M>[]> => {
  if (marks.length === 0) return [];
  // Nothing can be there.
  if (!mayHave('nft', tools)) return marks.map((mark) => ({ mark }));
  const privileges = privilegesIn(tools);
  const refused = await transact(marks.flatMap(render), privileges);
  if (refused === undefined || isMissing(refused)) return marks.map((mark) => ({ mark }));
  const outcomes: Outcome<M>[] = [];
  for (const mark of marks) {
    const failure = marks.length === 1 ? refused : await transact(render(mark), privileges);
    outcomes.push(failure === undefined || isGone(failure) ? { mark } : { mark, failure });
  }
  return outcomes;
};

/** Takes a table away, whether or not it is there. */
export const renderTableRemoval = ({ name }: Pick<Mark, 'name'>): string[] => [
  `add table ip ${name}`,
  `delete table ip ${name}`,
];

const transact = async (commands: readonly string[], privileges: Privileges): Promise<string | undefined> => {
  const result = await privileges.run(['nft', '-f', '-'], { input: `${commands.join('\n')}\n` });
  return result.exitCode === 0 ? undefined : reasonOf(result);
};

const isGone = (words: string): boolean => /No such file or directory/.test(words);
