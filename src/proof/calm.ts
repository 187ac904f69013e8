import { clearTimeout, setTimeout } from '../clock.ts';

/** How soon after one opening the next one may begin, in milliseconds. */
const momentMs = 50;
/** How long whatever waits for openings waits at most, in milliseconds: others may wait for it. */
const mostMs = 1_000;

/**
 * Tells when no opening of this process is under way, nor was a moment ago: an engine changes one network after the other, so that a probe
 * that leaves one keeps an opening from its own. Keeps the process alive for nothing.
 */
export class Calm {
  readonly #momentMs: number;
  readonly #mostMs: number;
  readonly #waiting = new Set<() => void>();
  #openings = 0;
  /** Runs for a moment after an opening. */
  #timer: NodeJS.Timeout | undefined;

  constructor({ moment = momentMs, most = mostMs } = {}) {
    this.#momentMs = moment;
    this.#mostMs = most;
  }

  /** An opening begins. Returns what ends it; more than once is once. */
  disturb(): () => void {
    this.#openings += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#openings -= 1;
      if (this.#openings === 0) this.#timer = setTimeout(() => this.#calmDown(), this.#momentMs).unref();
    };
  }

  /** Resolves when it is calm, when somebody is in a hurry, or when enough was waited. */
  async wait(hurry: Promise<void>): Promise<void> {
    if (this.#openings === 0 && this.#timer === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, this.#mostMs).unref();
    this.#waiting.add(resolve);
    await Promise.race([promise, hurry]);
    clearTimeout(late);
    this.#waiting.delete(resolve);
  }

  #calmDown(): void {
    this.#timer = undefined;
    for (const resolve of this.#waiting) resolve();
  }
}
