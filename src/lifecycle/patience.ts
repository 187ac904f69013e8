import { clearTimeout, now, setTimeout } from '../clock.ts';

/**
 * How long something may take that waits its turn among others: as long as any of them gets on. A hundred networks take the engine
 * half a minute, one after the other, and none of them is stuck.
 */
export class Patience {
  #movedAt = -Infinity;

  /** Something got done. */
  moved(): void {
    this.#movedAt = now();
  }

  /** The work's own outcome, or an error once nothing has got done for this long, in milliseconds, `since` then on `performance.now()`'s clock. */
  async wait<T>(ms: number, since: number, work: Promise<T>): Promise<T> {
    // Work that ends after the deadline is nobody's any more, and must not end the process either.
    work.catch(() => undefined);
    const left = (): number => Math.max(this.#movedAt, since) + ms - now();
    const tooLate = (): Error => new Error(`not done within ${ms} ms`);
    if (left() <= 0) throw tooLate();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const look = (): void => (left() <= 0 ? reject(tooLate()) : void (timer = setTimeout(look, left())));
      look();
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
