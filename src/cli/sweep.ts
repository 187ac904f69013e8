import { sweep as sweepHost, type Leftover, type SweepReport } from '../leftovers/sweep.ts';
import { renderJson } from '../printable.ts';
import { hang, openTerminal, type Colors } from './terminal.ts';

/** `localhost-forward sweep`. Resolves to the exit code: 1 where something could not be removed. */
export const sweep = async ({ all = false, json = false }: { all?: boolean; json?: boolean }): Promise<number> => {
  const { write, width, colors } = openTerminal(process.stdout);
  const report = await sweepHost({ all });
  if (json) write(`${renderJson(report, 2)}\n`);
  else for (const line of renderSweep(report, colors, width())) write(`${line}\n`);
  return report.failed.length === 0 ? 0 : 1;
};

/** What became of what was found, a line for each owner and fate. */
export const renderSweep = ({ removed, spared, failed }: SweepReport, colors: Colors, width?: number): string[] => {
  const list = (word: string, sign: string, swept: readonly Swept[]): string[] =>
    groupsOf(swept).map((group) => hang(`${sign}${' '.repeat(8 - word.length)}`, 8, describe(group), width));
  const lines = [
    ...list('removed', colors.green('removed'), removed),
    ...list('spared', 'spared', spared),
    ...list('stays', colors.red('stays'), failed),
    // It tells which engine was asked, and what would help.
    ...(failed.some(({ kind }) => kind === 'engine') ? [`${colors.bold('Try:')} localhost-forward doctor`] : []),
  ];
  return lines.length === 0 ? ['nothing to sweep'] : lines;
};

type Swept = Leftover & { readonly reason?: string };

/** What has one owner and one fate, which is told once. */
const groupsOf = (swept: readonly Swept[]): readonly (readonly [Swept, ...Swept[]])[] =>
  [...Map.groupBy(swept, ({ session, owner, reason }) => JSON.stringify([session, owner, reason])).values()].map(
    (group) => group as [Swept, ...Swept[]],
  );

const describe = (group: readonly [Swept, ...Swept[]]): string => {
  const [{ owner, reason }] = group;
  const kinds = Map.groupBy(group, ({ kind }) => kind);
  const things = [...kinds].map(([kind, all]) => `${kind} ${all.map(({ name }) => name).join(', ')}`).join('; ');
  // A reason names the owner, where that is why.
  const told = reason?.includes('owner') === true ? '' : owner === undefined ? '' : ` of ${owner}`;
  return `${things}${told}${reason === undefined ? '' : `: ${reason}`}`;
};
