/** What is asked for, and who waits for it. */
interface Waiting<C> {
  readonly change: C;
  readonly onSent: () => void;
  settle(error?: Error): void;
}

/** How changes are made: all of some at once, or none of them. */
export interface Committer<C> {
  /**
   * Resolves to what was said against it: nothing when all of it is in. Calls `onSent` as soon as the request is written, and not before:
   * from then on it is done, whoever dies.
   */
  commit(changes: readonly C[], onSent: () => void): Promise<string>;
  /** One alone was refused: tries what may help, and gives the error where nothing did. */
  refused(change: C, words: string): Promise<Error | undefined>;
}

/**
 * Changes that are asked for while others are being made go in together, so that a hundred at once are two commits. Where that is
 * refused they go one by one, so that one's refusal is nobody else's.
 */
export class GroupCommit<C> {
  readonly #committer: Committer<C>;
  #waiting: Waiting<C>[] = [];
  #isWorking = false;

  constructor(committer: Committer<C>) {
    this.#committer = committer;
  }

  /** Resolves when it is in; `onSent` is called when it is on its way. */
  submit(change: C, onSent: () => void = () => undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ change, onSent, settle: (error) => (error === undefined ? resolve() : reject(error)) });
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.#waiting.length > 0) await this.#make(this.#waiting.splice(0));
    this.#isWorking = false;
  }

  async #make(waiting: readonly Waiting<C>[]): Promise<void> {
    let isSent = false;
    const onSent = (): void => {
      if (!isSent) for (const one of waiting) one.onSent();
      isSent = true;
    };
    const changes = waiting.map(({ change }) => change);
    const words = await this.#committer.commit(changes, onSent).catch(String);
    // What took no request, since it was so already, is in as well.
    if (words === '') onSent();
    const [only, ...others] = waiting;
    if (words === '') for (const one of waiting) one.settle();
    else if (only !== undefined && others.length === 0)
      only.settle(await this.#committer.refused(only.change, words).catch((error: unknown) => error as Error));
    else for (const one of waiting) await this.#make([one]);
  }
}
