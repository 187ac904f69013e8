import { appendFileSync } from 'node:fs';
import { spreadOf, type Spread } from './figures.ts';

/** A figure as `bench/run.ts` collects it. */
export interface Figure {
  readonly section: string;
  readonly name: string;
  readonly unit: string;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  readonly count: number;
  /** Such as `≤ 1.1`; undefined where it has none. */
  readonly bound?: string;
  readonly verdict?: Verdict;
}
export type Verdict = 'holds' | 'beyond it, within the spread' | 'MISSED';

/** Names the file that figures are added to, a line of JSON each. */
export const figuresVariable = 'LHF_BENCH_FIGURES';

let current = '';

/** What the figures after it are about. */
export const section = (title: string): void => {
  current = title;
  console.log(title);
};

const keep = (figure: Omit<Figure, 'section'>): void => {
  const file = process.env[figuresVariable];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ section: current, ...figure })}\n`);
};

/** Prints a figure that has no bound: the median, and the quartiles where there is more than one value. */
export const tell = (name: string, values: readonly number[], unit: string): void => {
  const spread = spreadOf(values);
  keep({ name, unit, ...spread });
  console.log(`  ${name}: ${render(spread, unit)}`);
};

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
  const verdict: Verdict = holds(spread.median) ? 'holds' : holds(nearest) ? 'beyond it, within the spread' : 'MISSED';
  if (verdict === 'MISSED') process.exitCode = 1;
  keep({ name, unit, ...spread, bound: `${sign} ${wanted}`, verdict });
  console.log(`  ${name}: ${render(spread, unit)}; bound ${sign} ${wanted} ${unit}: ${verdict}`);
};

/** Prints whether something that must not happen did: the different failures, with how often each came. */
export const none = (name: string, failures: readonly unknown[]): void => {
  const lines = failures.map((failure) => String(failure).split('\n')[0] ?? '');
  const counts = Map.groupBy(lines, (line) => line.replaceAll(/lhf[-_][\w-]+/g, 'lhf-…'));
  const { length: median } = failures;
  const verdict = median === 0 ? 'holds' : 'MISSED';
  keep({ name, unit: '', lower: median, median, upper: median, count: 1, bound: '≤ 0', verdict });
  console.log(`  ${name}: ${median === 0 ? 'none' : `${median}: MISSED`}`);
  for (const [line, { length }] of [...counts].slice(0, 8)) console.log(`    ${length} × ${line}`);
  if (failures.length > 0) process.exitCode = 1;
};

export const render = ({ count, lower, median, upper }: Spread, unit: string): string => {
  if (median === Infinity) return 'never';
  const digits = unit === 'x' ? 2 : Math.abs(median) < 10 && !Number.isInteger(median) ? 1 : 0;
  const range = count > 1 ? ` (${lower.toFixed(digits)}..${upper.toFixed(digits)}, ${count} values)` : '';
  return `${median.toFixed(digits)} ${unit}${range}`;
};
