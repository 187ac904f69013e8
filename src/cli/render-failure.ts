import { printableLine } from '../printable.ts';
import type { SmokeFailure } from '../smoke/report.ts';
import { renderPicture } from './picture.ts';
import { hang, wrap, type Terminal } from './terminal.ts';

/** Why a check failed: the picture of the way, the sentence, what was seen, the one thing to try. */
export const renderFailure = (
  { message, evidence, try: advice, docs, diagnosis }: SmokeFailure,
  terminal: Pick<Terminal, 'colors' | 'width'>,
): string => {
  const { colors, width } = terminal;
  const picture = diagnosis === undefined ? [] : renderPicture(diagnosis, terminal);
  // The picture tells what the message's own lines about the hops tell.
  const seen = picture.length === 0 ? evidence : evidence.filter((line) => !/^[✓✗·?]/.test(line));
  return [
    '',
    ...(picture.length === 0 ? [] : [...picture, '']),
    ...wrap(printableLine(message), width()).map((line) => colors.bold(colors.red(line))),
    ...seen.map((line) => hang('  ', 2, line, width())),
    ...(advice === undefined ? [] : [`${colors.bold('Try:')} ${printableLine(advice)}`]),
    ...(docs === undefined ? [] : [colors.dim(`More: ${docs}`)]),
    '',
  ].join('\n');
};
