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
  // The container that has the rights is nobody's for a while: one that was there may have gone, or be on its way out just now.
  const left = async (): Promise<string> => {
    const after = await snapshotHere();
    const stays = (line: string): boolean => !line.startsWith('/lhf-rights-') || after.containers.includes(line);
    return renderLeft(claims, { ...before, containers: before.containers.filter(stays) }, after);
  };
  if (claims.privilege === 'container') await until(async () => (await left()) === '').catch(() => undefined);
  expect(await left(), when).toBe('');
};

/** The host as it is between two forwards of this process, whose holder stays for a while. */
export const snapshotWithHolder = async (claims: Claims, port: number): Promise<Snapshot> => {
  await withLocalhostForward(port, optionsOf(claims), () => {});
  return snapshotHere();
};
