import { sweep as sweepHost, type Leftover } from '../leftovers/sweep.ts';
import { openTerminal } from './terminal.ts';

/** `localhost-forward sweep`. Resolves to the exit code: 1 where something could not be removed. */
export const sweep = async ({ all = false, json = false }: { all?: boolean; json?: boolean }): Promise<number> => {
  const { write, colors } = openTerminal(process.stdout);
  const report = await sweepHost({ all });
  const { removed, spared, failed } = report;
  if (json) write(`${JSON.stringify(report, undefined, 2)}\n`);
  else {
    for (const one of removed) write(`${colors.green('removed')} ${describe(one)}\n`);
    for (const one of spared) write(`spared  ${describe(one)}: ${one.reason}\n`);
    for (const one of failed) write(`${colors.red('stays')}   ${describe(one)}: ${one.reason}\n`);
    if (removed.length + spared.length + failed.length === 0) write('nothing to sweep\n');
  }
  return failed.length === 0 ? 0 : 1;
};

const describe = ({ kind, name, owner }: Leftover): string =>
  `${kind} ${name}${owner === undefined ? '' : ` of ${owner}`}`;
