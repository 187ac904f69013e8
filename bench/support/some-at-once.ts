/** Works on all items, so many at once, and returns what came of them, in order. The first failure ends it. */
export const someAtOnce = async <T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = [];
  const queue = items.entries();
  const take = async (): Promise<void> => {
    for (const [n, item] of queue) results[n] = await work(item);
  };
  await Promise.all(Array.from({ length: width }, take));
  return results;
};

export const times = (count: number): undefined[] => Array.from({ length: count }, () => undefined);
