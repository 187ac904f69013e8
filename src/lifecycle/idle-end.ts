import { clearTimeout, setTimeout } from '../clock.ts';

/** How long a holder that nobody uses stays for the next one, in milliseconds. */
const holderIdleMs = 1_000;

/** Ends something when its last user has been gone for a while; never keeps the process alive for it. */
export class IdleEnd {
  readonly #end: () => void;
  readonly #idleMs: number;
  #users = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(end: () => void, idleMs = holderIdleMs) {
    this.#end = end;
    this.#idleMs = idleMs;
  }

  take(): void {
    this.#users += 1;
    clearTimeout(this.#timer);
  }

  give(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), this.#idleMs).unref();
  }
}
