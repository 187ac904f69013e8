import { printable, wordsOf } from '../printable.ts';
import { isLocalhostForwardError } from '../errors.ts';
import { openTerminal, wrap } from './terminal.ts';

/** Prints an error for a person: our own as its message, a stack only for what nobody foresaw or with `DEBUG`. Returns the exit code. */
export const fail = (error: unknown): number => {
  const { write, width, colors } = openTerminal(process.stderr);
  const wantsStack = (process.env['DEBUG'] ?? '') !== '' || !isLocalhostForwardError(error);
  const text = (wantsStack && error instanceof Error ? error.stack : undefined) ?? wordsOf(error);
  const [first = '', ...rest] = printable(text).split('\n');
  const more = isLocalhostForwardError(error) ? [colors.dim(`More: ${error.docs}`)] : [];
  write([...wrap(first, width()).map(colors.red), ...rest, ...more, ''].join('\n'));
  return 1;
};
