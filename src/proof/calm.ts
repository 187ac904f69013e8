import { clearTimeout, setTimeout, turn } from '../clock.ts';

/** How long whatever waits for openings waits at most, in milliseconds: others may wait for it. */
const mostMs = 1_000;

/**
 * Tells when no opening is under way, and none begins as soon as another one has ended: an engine changes one network after the other, so that
 * a probe that leaves one keeps an opening from its own. Keeps the process alive for nothing.
 */
export class Calm {
  readonly #mostMs: number;
  #waiting: (() => void)[] = [];
  #openings = 0;

  constructor({ most = mostMs } = {}) {
    this.#mostMs = most;
  }

  /** An opening begins. Returns what ends it; more than once is once. */
  disturb(): () => void {
    this.#openings += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#openings -= 1;
      if (this.#openings > 0) return;
      for (const resolve of this.#waiting) resolve();
      this.#waiting = [];
    };
  }

  /** Resolves when it is calm, when somebody is in a hurry, or when enough was waited. */
  async wait(hurry: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, this.#mostMs).unref();
    const enough = Promise.race([hurry, late.promise]).then(() => true);
    for (;;) {
      const isEnough = await Promise.race([enough, this.#untilNone()]);
      // A caller that goes on with another opening has called it by then.
      await turn();
      if (isEnough || this.#openings === 0) break;
    }
    clearTimeout(timer);
  }

  #untilNone(): Promise<false> {
    if (this.#openings === 0) return Promise.resolve(false);
    return new Promise((resolve) => this.#waiting.push(() => resolve(false)));
  }
}

/** Those of this process. */
export const openings = new Calm();
