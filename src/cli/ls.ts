import { listForwards, type ListedForward } from '../leftovers/list-forwards.ts';
import { renderPort } from '../ownership/names.ts';
import { printableLine, renderJson } from '../printable.ts';
import { fit, openTerminal, type Colors } from './terminal.ts';

/** `localhost-forward ls`. Resolves to the exit code. */
export const ls = async ({ json = false }: { json?: boolean }): Promise<number> => {
  const { write, width, colors } = openTerminal(process.stdout);
  const forwards = await listForwards();
  if (json) write(`${renderJson(forwards, 2)}\n`);
  else for (const line of renderForwards(forwards, colors, width())) write(`${line}\n`);
  return 0;
};

/** A table with a line for each forward; the owner's command is cut where the width has no room for it. */
export const renderForwards = (
  forwards: readonly ListedForward[],
  colors: Colors,
  width: number | undefined,
): string[] => {
  if (forwards.length === 0) return ['no forwards'];
  const header = ['NETWORK', 'OPENED WITH', 'SUBNET', 'SINCE', 'OWNER'];
  const rows = forwards.map((one) =>
    [
      one.networkName,
      one.ports.map(renderPort).join(' ') || 'no port',
      one.subnet,
      one.created.replace(/\.\d+Z$/, 'Z'),
      describeOwner(one),
    ].map(printableLine),
  );
  const widths = header.map((name, n) => Math.max(name.length, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    fit(
      cells
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
      width,
    );
  return [
    colors.dim(line(header)),
    ...rows.map((row, n) => (forwards[n]?.alive === 'alive' ? line(row) : colors.yellow(line(row)))),
  ];
};

const describeOwner = ({ alive, pid, command }: ListedForward): string =>
  alive === 'alive'
    ? `process ${pid} ${command ?? ''}`
    : alive === 'dead'
      ? 'dead: localhost-forward sweep'
      : 'elsewhere';
