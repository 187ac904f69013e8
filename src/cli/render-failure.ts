import { printable, printableLine } from '../printable.ts';
import type { SmokeFailure } from '../smoke/report.ts';
import { renderPicture } from './picture.ts';
import type { Terminal } from './terminal.ts';

/** Why a check failed: the picture of the way, the sentence, what was seen, the one thing to try. */
export const renderFailure = (
  { message, evidence, try: advice, diagnosis }: SmokeFailure,
  terminal: Pick<Terminal, 'colors' | 'width'>,
): string => {
  const { colors } = terminal;
  const picture = diagnosis === undefined ? [] : renderPicture(diagnosis, terminal);
  // The picture tells what the message's own lines about the hops tell.
  const seen = picture.length === 0 ? evidence : evidence.filter((line) => !/^[✓✗·?]/.test(line));
  return [
    '',
    ...(picture.length === 0 ? [] : [...picture, '']),
    colors.bold(colors.red(printable(message))),
    ...seen.map((line) => `  ${printable(line)}`),
    ...(advice === undefined ? [] : [`${colors.bold('Try:')} ${printableLine(advice)}`]),
    '',
  ].join('\n');
};
