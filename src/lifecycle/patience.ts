import { clearTimeout, setTimeout } from '../clock.ts';
import { Progress } from '../host/progress.ts';

/**
 * How long something may take that waits its turn among others: as long as any of them gets on. A hundred networks take the engine
 * half a minute, one after the other, and none of them is stuck.
 */
export class Patience {
  readonly #progress: Progress;

  constructor(progress = new Progress()) {
    this.#progress = progress;
  }

  /** Something got done. */
  moved(): void {
    this.#progress.moved();
  }

  /** The work's own outcome, or an error once nothing has got done for this long, in milliseconds, `since` then on `performance.now()`'s clock. */
  async wait<T>(ms: number, since: number, work: Promise<T>): Promise<T> {
    // Work that ends after the deadline is nobody's any more, and must not end the process either.
    work.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const look = (): void => {
        const nextMs = this.#progress.nextLook(ms, since);
        if (nextMs > 0) timer = setTimeout(look, nextMs);
        else reject(new Error(`not done within ${ms} ms`));
      };
      look();
    });
    try {
      // What is too late already is so whatever the work came to.
      return await Promise.race([late, work]);
    } finally {
      clearTimeout(timer);
    }
  }
}
