/*
 * A matcher of ours answers later. Whoever forgets the `await` before expect() has a test that passes whatever happens, and runners do not
 * tell: what they return is marked here as it is awaited, and looked at when the test has ended.
 */

export interface MatcherState {
  readonly currentTestName?: string | undefined;
  readonly isNot?: boolean;
}

export type Matcher<O, R> = (this: MatcherState | undefined, received: unknown, options?: O) => Promise<R>;

/** Expectations that nobody has awaited yet, by the name of their test. */
const pending = new Map<string, Set<{ readonly what: string }>>();

/** The matcher, whose expectations are looked for by {@link findUnawaited}. */
export const awaited = <O, R>(name: string, matcher: Matcher<O, R>): Matcher<O, R> =>
  function (this: MatcherState | undefined, received: unknown, options?: O): Promise<R> {
    const test = this?.currentTestName ?? '';
    const expectation = { what: `expect(net)${this?.isNot === true ? '.not' : ''}.${name}()` };
    const ofTest = pending.get(test) ?? new Set();
    pending.set(test, ofTest.add(expectation));
    // The runner asks first, for its own promise, and that is the one that a test has to await.
    return new Noticed(matcher.call(this, received, options), (given) => new Noticed(given, forget));
    function forget<T>(given: Promise<T>): Promise<T> {
      ofTest.delete(expectation);
      return given;
    }
  };

/** The expectations of a test that nobody has awaited, which are forgotten by it; undefined where all were. */
export const findUnawaited = (test: string | undefined): Error | undefined => {
  const left = [...(pending.get(test ?? '') ?? [])];
  pending.delete(test ?? '');
  const [first] = left;
  if (first === undefined) return undefined;
  return new Error(
    [
      `Nobody awaited ${left.map(({ what }) => what).join(', ')}: the test ended before it was known`,
      `Try: await ${first.what}`,
    ].join('\n'),
  );
};

/** A promise that notices who waits for it, and may give him another one. */
class Noticed<T> extends Promise<T> {
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #given: <R>(promise: Promise<R>) => Promise<R>;

  constructor(work: Promise<T>, given: <R>(promise: Promise<R>) => Promise<R>) {
    // oxlint-disable-next-line promise/prefer-await-to-then -- A constructor cannot wait.
    super((resolve, reject) => void work.then(resolve, reject));
    this.#given = given;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- To notice who waits is what it is for.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#given(super.then(onFulfilled, onRejected));
  }
}
