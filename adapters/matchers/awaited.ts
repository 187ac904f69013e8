/*
 * A matcher of ours answers later. Whoever forgets the `await` before expect() has a test that passes whatever happens, and runners do not
 * tell: what they return is marked here as it is awaited, and looked at when the test has ended.
 */

/** What a runner tells a matcher as its `this`, as far as it is read here. */
export interface MatcherState {
  readonly currentTestName?: string | undefined;
  readonly isNot?: boolean;
}

/** A matcher as `expect.extend()` takes it: it answers later, so that whoever calls it awaits it. */
export type Matcher<O, R> = (this: MatcherState | undefined, received: unknown, options?: O) => Promise<R>;

/** Expectations that nobody has awaited yet, by the name of their test. */
const pending = new Map<string, Set<{ readonly what: string }>>();

/**
 * The matcher, whose expectations are looked for by {@link findUnawaited}.
 *
 * @param asks - How often the runner asks for itself before the test is given a promise, see {@link countAsks}.
 */
export const awaitedAfter =
  (asks: number) =>
  <O, R>(name: string, matcher: Matcher<O, R>): Matcher<O, R> =>
    function (this: MatcherState | undefined, received: unknown, options?: O): Promise<R> {
      const forget = remember(this?.currentTestName ?? '', name, this);
      const notice =
        (left: number) =>
        <T>(given: Promise<T>): Promise<T> => {
          if (left > 0) return new Noticed(given, notice(left - 1));
          forget();
          return given;
        };
      return new Noticed(matcher.call(this, received, options), notice(asks));
    };

/** The same for a runner that asks once, as Vitest does. */
export const awaited: <O, R>(name: string, matcher: Matcher<O, R>) => Matcher<O, R> = awaitedAfter(1);

/** How often a runner asks a promise that a matcher gives it, and those that it made of it, within the call of the matcher. */
export const countAsks = (call: (given: Promise<{ pass: true; message: () => string }>) => unknown): number => {
  let asks = 0;
  const count = <T>(given: Promise<T>): Promise<T> => {
    asks += 1;
    return new Noticed(given, count);
  };
  call(new Noticed(Promise.resolve({ pass: true, message: () => '' }), count));
  return asks;
};

/**
 * The same for a runner that chains promises of its own to ours within the call, however many, and hands the last to the test: who asks
 * after the call is whoever awaits.
 *
 * @param suspect - Tells the runner of an expectation that nobody has awaited, and returns how to take that back.
 */
export const awaitedAfterCall =
  (suspect: (what: string) => () => void) =>
  <O, R>(name: string, matcher: Matcher<O, R>): Matcher<O, R> =>
    function (this: MatcherState | undefined, received: unknown, options?: O): Promise<R> {
      const acquit = suspect(nameOf(name, this));
      let isInCall = true;
      // An `await` asks in a task of its own, which comes after this one.
      queueMicrotask(() => (isInCall = false));
      const notice = <T>(given: Promise<T>): Promise<T> => {
        if (isInCall) return new Noticed(given, notice);
        acquit();
        return given;
      };
      return new Noticed(matcher.call(this, received, options), notice);
    };

/** Keeps an expectation until it is forgotten, by what is returned. */
const remember = (test: string, name: string, state: MatcherState | undefined): (() => void) => {
  const expectation = { what: nameOf(name, state) };
  const ofTest = pending.get(test) ?? new Set();
  pending.set(test, ofTest.add(expectation));
  return () => void ofTest.delete(expectation);
};

/** The expectations of a test that nobody has awaited, which are forgotten by it; undefined where all were. */
export const findUnawaited = (test: string | undefined): Error | undefined => {
  const left = [...(pending.get(test ?? '') ?? [])];
  pending.delete(test ?? '');
  return left.length === 0 ? undefined : nobodyAwaited(left.map(({ what }) => what));
};

/** What a test fails by that did not await these. */
export const nobodyAwaited = (whats: readonly string[]): Error =>
  new Error(
    [`Nobody awaited ${whats.join(', ')}: the test ended before it was known`, `Try: await ${whats[0]}`].join('\n'),
  );

const nameOf = (matcher: string, state: MatcherState | undefined): string =>
  `expect(net)${state?.isNot === true ? '.not' : ''}.${matcher}()`;

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
