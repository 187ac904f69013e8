import { expect } from 'vitest';
import { withLocalhostForward } from '../../src/index.ts';
import { renderDifference, renderExactDifference, type Snapshot } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { until } from '../support/until.ts';
import { type Claims, optionsOf } from './strategies.ts';

/** What a strategy left on the host, as far as it claims to leave nothing: empty when it keeps its word. */
export const renderLeft = ({ leavesRuleset }: Claims, before: Snapshot, after: Snapshot): string =>
  leavesRuleset === 'byte for byte' ? renderExactDifference(before, after) : renderDifference(before, after);

/** The host is as it was. */
export const expectNothingLeft = async (claims: Claims, before: Snapshot, when?: string): Promise<void> => {
  const left = async (): Promise<string> => renderLeft(claims, before, await snapshotHere());
  // The container that has the rights is nobody's for a while, and may be on its way out just now.
  if (claims.privilege === 'container') await until(async () => (await left()) === '').catch(() => undefined);
  expect(await left(), when).toBe('');
};

/** The host as it is between two forwards of this process, whose holder stays for a while. */
export const snapshotWithHolder = async (claims: Claims, port: number): Promise<Snapshot> => {
  await withLocalhostForward(port, optionsOf(claims), () => {});
  return snapshotHere();
};
