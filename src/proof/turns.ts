/** Work that takes turns, by name: one at a time, first come, first served. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Resolves when everybody before is done; whoever asked has to call what it resolves to. */
  async take(name: string): Promise<() => void> {
    const before = this.#last.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(name, promise);
    await before;
    return () => {
      if (this.#last.get(name) === promise) this.#last.delete(name);
      resolve();
    };
  }
}
