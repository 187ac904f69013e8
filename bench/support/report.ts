import { spreadOf, type Spread } from './figures.ts';

/** Prints a figure that has no bound: the median, and the quartiles where there is more than one value. */
export const tell = (name: string, values: readonly number[], unit: string): void =>
  console.log(`  ${name}: ${render(spreadOf(values), unit)}`);

/**
 * Prints a figure with its bound. It is missed, and the exit code 1, where the quartile that is nearer to the bound lies beyond
 * it as well: a median beyond it alone is told, and counts as noise.
 */
export const bound = (
  name: string,
  values: readonly number[],
  limit: { readonly most: number } | { readonly least: number },
  unit = 'x',
): void => {
  const spread = spreadOf(values);
  const [sign, wanted] = 'most' in limit ? ['≤', limit.most] : ['≥', limit.least];
  const holds = (value: number): boolean => ('most' in limit ? value <= wanted : value >= wanted);
  const nearest = 'most' in limit ? spread.lower : spread.upper;
  const verdict = holds(spread.median) ? 'holds' : holds(nearest) ? 'beyond it, within the spread' : 'MISSED';
  if (verdict === 'MISSED') process.exitCode = 1;
  console.log(`  ${name}: ${render(spread, unit)}; bound ${sign} ${wanted} ${unit}: ${verdict}`);
};

/** Prints whether something that must not happen did: the different failures, with how often each came. */
export const none = (name: string, failures: readonly unknown[]): void => {
  const lines = failures.map((failure) => String(failure).split('\n')[0] ?? '');
  const counts = Map.groupBy(lines, (line) => line.replaceAll(/lhf[-_][\w-]+/g, 'lhf-…'));
  console.log(`  ${name}: ${failures.length === 0 ? 'none' : `${failures.length}: MISSED`}`);
  for (const [line, { length }] of [...counts].slice(0, 8)) console.log(`    ${length} × ${line}`);
  if (failures.length > 0) process.exitCode = 1;
};

const render = ({ count, lower, median, upper }: Spread, unit: string): string => {
  if (median === Infinity) return 'never';
  const digits = unit === 'x' ? 2 : Math.abs(median) < 10 && !Number.isInteger(median) ? 1 : 0;
  const range = count > 1 ? ` (${lower.toFixed(digits)}..${upper.toFixed(digits)}, ${count} values)` : '';
  return `${median.toFixed(digits)} ${unit}${range}`;
};
