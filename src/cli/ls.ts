import { listForwards, type ListedForward } from '../leftovers/list-forwards.ts';
import { renderPort } from '../ownership/names.ts';
import { printableLine, renderJson } from '../printable.ts';
import { fit, hang, openTerminal, type Colors } from './terminal.ts';

/** `localhost-forward ls`. Resolves to the exit code. */
export const ls = async ({ json = false }: { json?: boolean }): Promise<number> => {
  const { write, width, colors } = openTerminal(process.stdout);
  const forwards = await listForwards();
  if (json) write(`${renderJson(forwards, 2)}\n`);
  else for (const line of renderForwards(forwards, colors, width())) write(`${line}\n`);
  return 0;
};

/**
 * A table with a line for each forward. Where that is wider than the terminal, each has a few lines of its own: of an owner nothing is cut
 * but what would fill the screen.
 */
export const renderForwards = (
  forwards: readonly ListedForward[],
  colors: Colors,
  width: number | undefined,
): string[] => {
  if (forwards.length === 0) return ['no forwards'];
  const rows = forwards.map((one) => ({ one, cells: cellsOf(one).map(printableLine) }));
  const widths = header.map((name, n) => Math.max(name.length, ...rows.map(({ cells }) => cells[n]?.length ?? 0)));
  const line = (cells: readonly string[]): string => cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join('  ');
  if (width === undefined || widths.reduce((sum, one) => sum + one + 2, -2) <= width)
    return [colors.dim(line(header)), ...rows.map(({ one, cells }) => paint(one, line(cells).trimEnd(), colors))];
  return rows.flatMap(({ one, cells: [network = '', ports = '', subnet = '', since = '', owner = ''] }) => [
    `${paint(one, network, colors)}  ${colors.dim(`${subnet}  ${since}`)}`,
    hang('  ', 2, ports, width),
    hang('  ', 2, fitWords(owner, width - 2), width),
  ]);
};

/** Four lines of words, each cut where a line has no room for it: a script given by `-e` is one word of hundreds of letters. */
const fitWords = (text: string, width: number): string => {
  const words = text.split(' ').map((word) => fit(word, width));
  return fit(words.join(' '), 4 * width);
};

const header = ['NETWORK', 'PORTS', 'SUBNET', 'SINCE', 'OWNER'];

const cellsOf = (one: ListedForward): string[] => [
  one.networkName,
  describePorts(one),
  one.subnet,
  since(one),
  describeOwner(one),
];

const describePorts = ({ ports, isCurrent, alive }: ListedForward): string => {
  const text = ports.map(renderPort).join(' ') || 'no port';
  return isCurrent || alive === 'dead' ? text : `${text} (at opening)`;
};

const since = ({ created }: ListedForward): string => created.replace(/\.\d+Z$/, 'Z');

const paint = ({ alive }: ListedForward, text: string, colors: Colors): string =>
  alive === 'alive' ? text : colors.yellow(text);

const describeOwner = ({ alive, pid, command }: ListedForward): string =>
  alive === 'alive'
    ? `process ${pid} ${shorten(command ?? '')}`
    : alive === 'dead'
      ? 'dead: localhost-forward sweep'
      : 'elsewhere';

/** A command as a person would write it: of the paths that it begins with the ends are enough, and `--json` has them whole. */
const shorten = (command: string): string => {
  const [program = '', script = '', ...rest] = command.split(' ');
  const end = script.startsWith('/') ? `…/${script.split('/').slice(-2).join('/')}` : script;
  return [program.split('/').at(-1), end, ...rest].join(' ').trimEnd();
};
