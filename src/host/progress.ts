import { now } from '../clock.ts';
import { interfaceNames } from './kernel.ts';

/** How many times over an engine may be waited for that is busy with others' networks. */
const mostTimes = 10;

/**
 * Whether those who wait for one engine get on. An engine works on one network after the other, whoever asked: while bridges and
 * containers' interfaces come and go on this host, it is busy and not stuck, and a removal behind another process's hundreds waits its turn.
 */
export class Progress {
  readonly #names: () => string;
  #movedAt = -Infinity;
  #seen: string | undefined;

  constructor(names: () => string = () => interfaceNames().join()) {
    this.#names = names;
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
    this.#look(since + ms * mostTimes);
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
