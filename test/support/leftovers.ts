import { nobody, type Snapshot, takeSnapshot } from './host-snapshot.ts';
import { execHere } from './run.ts';

/** The host without looking for processes: a holder stays for a moment after its last forward, and other processes have theirs. */
export const snapshotHere = (): Promise<Snapshot> => takeSnapshot(execHere, { processMarker: nobody });

/** The end of the session words of the processes that opened these forwards, as a pattern: an engine and a container may follow the nonce. */
export const endOfSessions = (nets: readonly { id: string }[]): string => {
  const nonces = new Set(nets.map(({ id }) => id.slice(0, 5)));
  return `-(${[...nonces].join('|')})(-e[0-9a-f]{6})?(-c[0-9a-f]{12})?`;
};

/** The host with the holders of the processes that opened these forwards; without any, no process at all is looked for. */
export const snapshotOf = (nets: readonly { id: string }[] = []): Promise<Snapshot> =>
  takeSnapshot(execHere, { processMarker: nets.length === 0 ? nobody : `${endOfSessions(nets)}$` });
