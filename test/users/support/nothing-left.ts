import { expect } from 'vitest';
import { renderDifference, takeSnapshot } from '../../support/host-snapshot.ts';
import { until } from '../../support/until.ts';

/** Does the work, and holds that the host is afterwards as it was: rules, networks, containers, interfaces, processes. */
export const leavingNothing = async <T>(work: () => Promise<T>): Promise<T> => {
  const before = await takeSnapshot();
  const result = await work();
  let difference = '';
  await until(
    async () => {
      difference = renderDifference(before, await takeSnapshot());
      return difference === '';
    },
    { timeoutMs: 20_000, everyMs: 100 },
  ).catch(() => expect(difference).toBe(''));
  return result;
};
