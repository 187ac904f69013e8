import { now } from '../clock.ts';
import { interfaceNames } from './kernel.ts';

/**
 * Whether those who wait for one engine get on. An engine works on one network after the other, whoever asked: while bridges and
 * containers' interfaces come and go on this host, it is busy and not stuck, and a removal behind another process's hundreds waits its turn.
 */
export class Progress {
  readonly #names: () => string;
  readonly #mostTimes: number;
  #movedAt = -Infinity;
  #seen: string | undefined;

  /** `mostTimes`: how many times over something may be waited for because others get on. */
  constructor(names: () => string = () => interfaceNames().join(), mostTimes = 10) {
    this.#names = names;
    this.#mostTimes = mostTimes;
  }

  /** Something of ours got done. */
  moved(): void {
    this.#movedAt = now();
  }

  /**
   * In how many milliseconds to ask again about something that waits `since` then, and may wait for `ms` without any progress; 0 where
   * that time is over. Looks at the host each half of it.
   */
  nextLook(ms: number, since: number): number {
    const left = this.#left(ms, since);
    if (left > ms / 2) return left - ms / 2;
    this.#look(since + ms * this.#mostTimes);
    return Math.max(0, this.#left(ms, since));
  }

  #left(ms: number, since: number): number {
    return Math.max(this.#movedAt, since) + ms - now();
  }

  #look(until: number): void {
    const names = this.#names();
    if (this.#seen !== undefined && names !== this.#seen && now() < until) this.moved();
    this.#seen = names;
  }
}
