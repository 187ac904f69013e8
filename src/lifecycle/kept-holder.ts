import { IdleEnd } from './idle-end.ts';

/** What can be kept so: see {@link Holder}. */
export interface Keepable {
  readonly isLost: boolean;
  readonly isBusy: boolean;
  retire(): void;
}

/** One holder for all forwards of a process: started when it is first asked for, replaced once it is lost, ended a while after the last forward. */
export class KeptHolder<H extends Keepable> {
  readonly #start: () => H;
  readonly #onEnded: () => void;
  readonly #idle = new IdleEnd(() => this.#end());
  #holder: H | undefined;

  constructor(start: () => H, onEnded: () => void = () => undefined) {
    this.#start = start;
    this.#onEnded = onEnded;
  }

  /** Keeps it for one more forward. */
  acquire(): void {
    this.#idle.take();
  }

  release(): void {
    this.#idle.give();
  }

  /** As it is now: another one where the last was lost. */
  get current(): H {
    if (this.#holder === undefined || this.#holder.isLost) this.#holder = this.#start();
    return this.#holder;
  }

  #end(): void {
    if (this.#holder?.isBusy === true) return;
    this.#holder?.retire();
    this.#holder = undefined;
    this.#onEnded();
  }
}
