import { type Snapshot, takeSnapshot } from './host-snapshot.ts';
import { execHere } from './run.ts';

/** The host without looking for processes: a holder stays for a moment after its last forward, and other processes have theirs. */
export const snapshotHere = (): Promise<Snapshot> => takeSnapshot(execHere, { processMarker: 'no such process' });

/** The host with the holders of the processes that opened these forwards; without any, no process at all is looked for. */
export const snapshotOf = (nets: readonly { id: string }[] = []): Promise<Snapshot> => {
  const nonces = new Set(nets.map(({ id }) => id.slice(0, 5)));
  return takeSnapshot(execHere, {
    processMarker: nonces.size === 0 ? 'no such process' : `-(${[...nonces].join('|')})$`,
  });
};
