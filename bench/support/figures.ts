/** Many measurements of one thing. */
export interface Spread {
  readonly count: number;
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** Median and quartiles, interpolated. Of nothing they are NaN. */
export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = share * (sorted.length - 1);
    const [below = NaN, above = NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    // What never happened is infinite.
    if (below === above) return below;
    return below + (above - below) * (place - Math.floor(place));
  };
  return { count: values.length, lower: at(0.25), median: at(0.5), upper: at(0.75) };
};

export const median = (values: readonly number[]): number => spreadOf(values).median;

/** `ours[n] / theirs[n]`, pair by pair: both were measured beside each other. */
export const ratiosOf = (ours: readonly number[], theirs: readonly number[]): number[] =>
  ours.flatMap((value, n) => (theirs[n] === undefined ? [] : [value / theirs[n]]));

export const timed = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
  const startedAt = performance.now();
  const result = await work();
  return [performance.now() - startedAt, result];
};
