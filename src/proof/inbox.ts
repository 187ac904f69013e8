/** What arrives one by one, for one reader, until it ends. */
export class Inbox<T> {
  readonly #arrived: T[] = [];
  #hasEnded = false;
  #wake: (() => void) | undefined;

  push(item: T): void {
    this.#arrived.push(item);
    this.#wake?.();
  }

  /** What has arrived by now is still read. */
  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const item = this.#arrived.shift();
      if (item !== undefined) yield item;
      else if (this.#hasEnded) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
