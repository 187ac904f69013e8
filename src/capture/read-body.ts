import type { IncomingMessage } from 'node:http';

/** What bodies may take of memory together: those on their way and those that are kept have a share each. */
export interface Budget {
  /** Bytes that are still free. */
  left: number;
}

export interface ReadBody {
  readonly body: Buffer;
  /** Bytes that came and were not kept. */
  readonly dropped: number;
}

/**
 * Reads a request's body to its end and keeps the first part of it. Undefined where the client went before the end. Never throws.
 *
 * @param most - How much is kept, in bytes.
 * @param budget - What all bodies on their way share; what this one takes of it is given back at the end.
 */
export const readBody = (request: IncomingMessage, most: number, budget: Budget): Promise<ReadBody | undefined> =>
  new Promise((resolve) => {
    const parts: Buffer[] = [];
    let [kept, dropped] = [0, 0];
    request.on('data', (part: Buffer) => {
      const taken = part.subarray(0, Math.max(0, Math.min(most - kept, budget.left)));
      // A part of a chunk would hold on to the whole of it, be it empty.
      if (taken.length > 0) parts.push(taken.length < part.length ? Buffer.from(taken) : taken);
      kept += taken.length;
      budget.left -= taken.length;
      dropped += part.length - taken.length;
    });
    // Who hangs up is an error here, and of nobody else's interest: 'close' follows.
    request.on('error', () => undefined);
    request.once('close', () => {
      budget.left += kept;
      resolve(request.complete ? { body: Buffer.concat(parts, kept), dropped } : undefined);
    });
  });
