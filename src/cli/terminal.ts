import picocolors from 'picocolors';
import { printableLine } from '../printable.ts';

/** Where output goes, and what may be done there. */
export interface Terminal {
  readonly write: (text: string) => void;
  /** Whether a line may be written over; not so in logs and pipes. */
  readonly isLive: boolean;
  /** How wide a line may be; undefined where nobody looks at columns. */
  readonly width: () => number | undefined;
  readonly colors: Colors;
}

export type Colors = ReturnType<typeof picocolors.createColors>;

interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A terminal as its stream and the environment describe it: colours only for eyes, unless `FORCE_COLOR` asks for them. */
export const openTerminal = (stream: Output, env: NodeJS.ProcessEnv = process.env): Terminal => {
  const isTerminal = stream.isTTY === true && env['TERM'] !== 'dumb';
  const wantsColors =
    env['FORCE_COLOR'] === undefined || env['FORCE_COLOR'] === '' ? isTerminal : env['FORCE_COLOR'] !== '0';
  return {
    write: (text) => void stream.write(text),
    isLive: isTerminal && !env['CI'],
    width: () => (stream.isTTY === true ? stream.columns : undefined),
    colors: picocolors.createColors(wantsColors && !env['NO_COLOR']),
  };
};

/** Text broken between words into lines of a width; what is longer than a line stays whole, so that it can be copied. */
export const wrap = (text: string, width: number | undefined): string[] => {
  if (width === undefined || text.length <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
};

/** A line that begins with something of its own, which further lines are indented by: `indent` is how wide that looks. */
export const hang = (start: string, indent: number, text: string, width: number | undefined): string =>
  wrap(printableLine(text), width === undefined ? undefined : Math.max(width - indent, 20))
    .map((line, n) => `${n === 0 ? start : ' '.repeat(indent)}${line}`.trimEnd())
    .join('\n');

/** Text cut to a width, with a sign that it was cut. */
export const fit = (text: string, width: number | undefined): string =>
  width === undefined || text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 0))}…`;
