/*
 * Node's own signals, whatever the global ones are: in a DOM environment these are the DOM's, of which Node's functions take none, and
 * older ones have no `any()`.
 */
import { transferableAbortController } from 'node:util';

const Controller = transferableAbortController().constructor as typeof globalThis.AbortController;
const Signal = new Controller().signal.constructor as typeof globalThis.AbortSignal;

export { Controller as AbortController, Signal as AbortSignal };

/** A signal of Node's own that follows any other. */
export const followSignal = (signal: globalThis.AbortSignal): globalThis.AbortSignal => {
  if ((signal as object) instanceof Signal) return signal;
  const following = new Controller();
  const follow = (): void => following.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener('abort', follow, { once: true });
  return following.signal;
};

/** What the work comes to; rejects with the signal's reason where that comes first. Whoever else waits for the work goes on doing so. */
export const orAborted = async <T>(work: Promise<T>, signal: globalThis.AbortSignal): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
};
