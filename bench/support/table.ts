import { render, type Figure } from './report.ts';

/** A Markdown table of all that has a bound, in the order in which it was measured. */
export const renderClaims = (figures: readonly Figure[]): string =>
  [
    '| what | claim | median (quartiles) | |',
    '| --- | --- | --- | --- |',
    ...figures.flatMap((figure) => {
      const { section, name, bound, verdict, unit } = figure;
      if (bound === undefined || verdict === undefined) return [];
      return [`| ${section}: ${name} | ${bound} ${unit} | ${render(figure, unit)} | ${verdict} |`];
    }),
    '',
  ].join('\n');
