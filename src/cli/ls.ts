import { listForwards } from '../leftovers/list-forwards.ts';
import { fit, openTerminal } from './terminal.ts';

/** `localhost-forward ls`. Resolves to the exit code. */
export const ls = async ({ json = false }: { json?: boolean }): Promise<number> => {
  const { write, width, colors } = openTerminal(process.stdout);
  const forwards = await listForwards();
  if (json) write(`${JSON.stringify(forwards, undefined, 2)}\n`);
  else if (forwards.length === 0) write('no forwards\n');
  for (const { networkName, subnet, created, pid, alive, command } of json ? [] : forwards) {
    const owner =
      alive === 'alive'
        ? `process ${pid} ${command ?? ''}`
        : alive === 'dead'
          ? 'its owner is dead: localhost-forward sweep'
          : 'its owner is elsewhere';
    const line = `${networkName}  ${subnet.padEnd(18)}  ${created}  ${owner}`;
    write(`${alive === 'alive' ? fit(line, width()) : colors.yellow(fit(line, width()))}\n`);
  }
  return 0;
};
