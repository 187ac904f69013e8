import { afterEach, beforeEach } from 'vitest';
import { renderDifference, type Snapshot, takeSnapshot } from '../../support/host-snapshot.ts';
import { until } from '../../support/until.ts';

/** Each test of this file must leave the host as it was; what a guardian does after a killed process may take a moment. */
export const expectNothingLeft = (): void => {
  let before: Snapshot;
  beforeEach(async () => void (before = await takeSnapshot()));
  afterEach(async () => {
    let difference = '';
    const isEqual = async (): Promise<boolean> => (difference = renderDifference(before, await takeSnapshot())) === '';
    await until(isEqual, { timeoutMs: 40_000, everyMs: 100, what: 'nothing to be left' }).catch(() => {
      throw new Error(`Something was left behind:\n${difference}`);
    });
  });
};
