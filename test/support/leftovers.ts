import { currentSession } from '../../src/lifecycle/session.ts';
import { type Snapshot, takeSnapshot } from './host-snapshot.ts';
import { execHere } from './run.ts';

/** The host with the holders of this process, which stay between its forwards; other processes' may come and go. */
export const snapshotHere = (): Promise<Snapshot> => takeSnapshot(execHere, { processMarker: currentSession().word });

/** The host with the holders of the processes that opened these forwards; without any, no process at all is looked for. */
export const snapshotOf = (nets: readonly { id: string }[] = []): Promise<Snapshot> => {
  const nonces = new Set(nets.map(({ id }) => id.slice(0, 5)));
  return takeSnapshot(execHere, {
    processMarker: nonces.size === 0 ? 'no such process' : `-(${[...nonces].join('|')})$`,
  });
};
