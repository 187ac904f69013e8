import { constants } from 'node:os';

/** The number of a signal, 0 for none. */
export const signalNumber = (signal: NodeJS.Signals | null): number =>
  signal === null ? 0 : constants.signals[signal];
