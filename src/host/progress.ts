import { now } from '../clock.ts';
import { interfaceNames } from './kernel.ts';

/** Bridges as engines and we name them: what else comes and goes on a host has nothing to do with an engine. */
const bridges = /^(?:lhf-|br-)/;

const listBridges = (): string =>
  interfaceNames()
    .filter((name) => bridges.test(name))
    .join();

/**
 * Whether those who wait for one engine get on. An engine works on one network after the other, whoever asked: while bridges come and go on
 * this host, it is busy and not stuck, and a removal behind another process's hundreds waits its turn.
 */
export class Progress {
  readonly #names: () => string;
  readonly #mostTimes: number;
  #movedAt = -Infinity;
  #hostMovedAt = -Infinity;
  #seen: { readonly names: string; readonly at: number } | undefined;

  /** `mostTimes`: how many times over something may be waited for because others get on. */
  constructor(names: () => string = listBridges, mostTimes = 10) {
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
    this.#look(since);
    return Math.max(0, this.#left(ms, since));
  }

  #left(ms: number, since: number): number {
    const hostMovedAt = Math.min(this.#hostMovedAt, since + ms * (this.#mostTimes - 1));
    return Math.max(this.#movedAt, hostMovedAt, since) + ms - now();
  }

  /** What was seen before the waiting began tells nothing of it. */
  #look(since: number): void {
    const names = this.#names();
    if (this.#seen !== undefined && this.#seen.at >= since && this.#seen.names !== names) this.#hostMovedAt = now();
    this.#seen = { names, at: now() };
  }
}
