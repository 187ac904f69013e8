import { spawn } from 'node:child_process';
import { once } from 'node:events';
import xterm from '@xterm/headless';

/** Text that looks alike, from a column on. */
export interface Run {
  readonly column: number;
  readonly text: string;
  readonly color: number | undefined;
  readonly isBold: boolean;
  readonly isDim: boolean;
}
export type Row = readonly Run[];

/** What a terminal shows, from a time in milliseconds on. */
export interface Frame {
  readonly at: number;
  readonly rows: readonly Row[];
}

/** Runs a line of the shell on a terminal of so many columns, and tells what was to be seen on it, the end last. */
export const record = async (line: string, columns: number, env: NodeJS.ProcessEnv): Promise<Frame[]> => {
  const { CI: _ci, NO_COLOR: _none, FORCE_COLOR: _forced, ...rest } = env;
  const child = spawn('script', ['-qefc', `stty cols ${columns} rows ${screenRows}; ${line}`, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...rest, TERM: 'xterm-256color', SHELL: '/bin/sh' },
  });
  const terminal = new xterm.Terminal({ cols: columns, rows: screenRows, allowProposedApi: true });
  const startedAt = performance.now();
  const frames: Frame[] = [];
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    const at = performance.now() - startedAt;
    await new Promise<void>((resolve) => terminal.write(chunk, resolve));
    frames.push({ at, rows: readScreen(terminal) });
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return frames;
};

/** More than any output has, so that nothing scrolls away. */
const screenRows = 60;

const readScreen = (terminal: InstanceType<typeof xterm.Terminal>): Row[] => {
  const rows = Array.from({ length: terminal.rows }, (_, y) => readRow(terminal, y));
  return rows.slice(0, rows.findLastIndex((row) => row.length > 0) + 1);
};

const readRow = (terminal: InstanceType<typeof xterm.Terminal>, y: number): Row => {
  const line = terminal.buffer.active.getLine(y);
  const runs: Run[] = [];
  for (let column = 0; column < terminal.cols; column++) {
    const cell = line?.getCell(column);
    const text = cell?.getChars() ?? '';
    if (cell === undefined || text.trim() === '') continue;
    const color = cell.isFgDefault() ? undefined : cell.getFgColor();
    const look = { color, isBold: cell.isBold() !== 0, isDim: cell.isDim() !== 0 };
    const last = runs.at(-1);
    const gap = last === undefined ? 0 : column - last.column - last.text.length;
    if (last !== undefined && gap <= 1 && isAlike(last, look))
      runs[runs.length - 1] = { ...last, text: `${last.text}${' '.repeat(gap)}${text}` };
    else runs.push({ column, text, ...look });
  }
  return runs;
};

const isAlike = (one: Run, other: Omit<Run, 'column' | 'text'>): boolean =>
  one.color === other.color && one.isBold === other.isBold && one.isDim === other.isDim;
