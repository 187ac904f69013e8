/** The lines that only one side has: `-` those of `before`, `+` those of `after`, in their order; empty when equal. */
export const renderLineDifference = (before: readonly string[], after: readonly string[]): string[] => {
  const common = measureCommon(before, after);
  const lines: string[] = [];
  let b = 0;
  let a = 0;
  while (b < before.length || a < after.length) {
    if (b < before.length && a < after.length && before[b] === after[a]) {
      b += 1;
      a += 1;
    } else if (a >= after.length || (b < before.length && at(common, b + 1, a) >= at(common, b, a + 1))) {
      lines.push(`- ${before[b++]}`);
    } else {
      lines.push(`+ ${after[a++]}`);
    }
  }
  return lines;
};

// Length of the longest common subsequence of the rests from each pair of positions on.
const measureCommon = (before: readonly string[], after: readonly string[]): number[][] => {
  const table = Array.from({ length: before.length + 1 }, () => Array.from({ length: after.length + 1 }, () => 0));
  for (let b = before.length - 1; b >= 0; b -= 1) {
    for (let a = after.length - 1; a >= 0; a -= 1) {
      const row = table[b] ?? [];
      row[a] =
        before[b] === after[a] ? at(table, b + 1, a + 1) + 1 : Math.max(at(table, b + 1, a), at(table, b, a + 1));
    }
  }
  return table;
};

const at = (table: readonly number[][], b: number, a: number): number => table[b]?.[a] ?? 0;
