import { channel } from 'node:diagnostics_channel';
import { now } from '../clock.ts';
import { printableLine } from '../printable.ts';

/** Something that was done, on `performance.now()`'s clock, in milliseconds. */
export interface Span {
  readonly what: string;
  readonly startedAt: number;
  readonly ms: number;
}

/** What is timed is published here as a {@link Span}, for whoever wants to see where the time goes. */
export const spans = channel('localhost-forward:span');

/** Whether `DEBUG=localhost-forward*` asks for our lines: a comma-separated list with `*` and `-exclusions`, as the debug package reads it. */
const isWanted = (list: string): boolean => {
  const names = list
    .replaceAll(/\*+/g, '*')
    .split(/[\s,]+/)
    .filter(Boolean);
  const matches = (pattern: string): boolean =>
    new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*')}$`).test(
      'localhost-forward',
    );
  return (
    names.some((name) => !name.startsWith('-') && matches(name)) &&
    !names.some((name) => name.startsWith('-') && matches(name.slice(1)))
  );
};

/** Prints a line on standard error when `DEBUG` asks for it: each command, its time in milliseconds and its result. */
export const debug = (line: string, startedAt?: number): void => {
  if (startedAt !== undefined && spans.hasSubscribers)
    spans.publish({ what: line.trim(), startedAt, ms: now() - startedAt } satisfies Span);
  if (!isWanted(process.env['DEBUG'] ?? '')) return;
  const took = startedAt === undefined ? '' : ` (${(now() - startedAt).toFixed(1)} ms)`;
  write(`localhost-forward ${printableLine(line.trimEnd())}${took}\n`);
};

/**
 * Where nobody reads any more, or a disk is full, a line is lost. As an 'error' event that nobody hears it would end the user's process;
 * one that has a listener of its own keeps its way.
 */
const write = (text: string): void => {
  const { stderr } = process;
  if (stderr.listenerCount('error') === 0) stderr.on('error', () => undefined);
  stderr.write(text);
};
