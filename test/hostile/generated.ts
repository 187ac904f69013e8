import * as fc from 'fast-check';
import { inspect } from 'node:util';
import { isLocalhostForwardError } from '../../src/errors.ts';
import { openRandom } from '../support/random.ts';

/** How many times as many inputs as in a usual run: `LHF_TEST_INPUTS=20` for a long one. */
const times = Math.max(1, Number(process.env['LHF_TEST_INPUTS'] ?? 1) || 1);

/** So many inputs, the same again with the seed that is printed: `LHF_TEST_SEED`. */
export const runs = (what: string, numRuns: number) => ({ seed: openRandom(what).seed | 0, numRuns: numRuns * times });

/** What breaks out of a place that did not expect it. */
const pieces = [
  '',
  '\0',
  '\n',
  '\r',
  '\t',
  ' ',
  '\u001b[31m',
  '\u001b]0;title\u0007',
  '\u009b2J',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u200b',
  '\u2028',
  '\ud800',
  '\ufffe',
  '"',
  "'",
  '`',
  '\\',
  '$(reboot)',
  ';flush ruleset',
  ' && reboot',
  '--modprobe=/tmp/x',
  '-M/tmp/x',
  '127.0.0.1',
  '::1',
  'localhost',
  '/../..',
  '<![CDATA[',
  ']]>',
  '-->',
  '&amp;',
  '<',
  '::error::',
  '{{',
  '${HOME}',
  '- !!js',
  '# handle 1',
  'COMMIT',
  '*nat',
  'table ip lhf_guard_abcde {',
  '__proto__',
  'constructor',
  '\nTry: rm',
  '8088',
  '65536',
  '-1',
  '1e3',
] as const;

/** Any text, and text of {@link pieces}. */
export const text = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })), { maxLength: 5 })
    .map((some) => some.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(...pieces),
);

const throwing = (value: unknown) => (): never => {
  throw value;
};
const trapped = (thrown: unknown): object =>
  new Proxy(
    {},
    Object.fromEntries(
      ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor'].map((trap) => [trap, throwing(thrown)]),
    ),
  );
const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const circular = (): object => {
  const value: Record<string, unknown> = {};
  return Object.assign(value, { value, list: [value] });
};

const trapKinds = [
  'trapped',
  'revoked',
  'list',
  'getter',
  'circular',
  'inspect',
  'tag',
  'words',
  'regexp',
  'signal',
] as const;

/** What becomes a value that is the caller's code, and may do anything when one looks at it: whoever generates it looks at it, too. */
class Trap {
  readonly kind: (typeof trapKinds)[number];
  readonly words: string;

  constructor(kind: (typeof trapKinds)[number], words: string) {
    this.kind = kind;
    this.words = words;
  }

  set(): unknown {
    const { words } = this;
    const thrown = words.length % 2 === 0 ? new Error(words) : revoked({});
    switch (this.kind) {
      case 'trapped':
        return trapped(thrown);
      case 'revoked':
        return revoked({});
      case 'list':
        return revoked([]);
      case 'getter':
        return Object.defineProperty({}, words, { get: throwing(thrown), enumerable: true });
      case 'circular':
        return circular();
      case 'inspect':
        return { [inspect.custom]: words.length % 3 === 0 ? throwing(thrown) : () => words };
      case 'tag':
        return Object.defineProperty({}, Symbol.toStringTag, { get: throwing(thrown) });
      case 'regexp':
        return { [Symbol.toStringTag]: 'RegExp', source: words, flags: words };
      case 'signal':
        return { aborted: false, addEventListener: throwing(thrown) };
      case 'words':
        return { toString: throwing(thrown), valueOf: () => words };
    }
    throw new Error(`no trap ${String(this.kind)}`);
  }
}

/** The same with its traps set. */
export const armed = (generated: unknown): unknown => {
  if (generated instanceof Trap) return generated.set();
  if (Array.isArray(generated)) return generated.map(armed);
  const prototype = typeof generated === 'object' && generated !== null ? Object.getPrototypeOf(generated) : undefined;
  if (prototype !== Object.prototype) return generated;
  const copy = {};
  for (const [key, one] of Object.entries(generated as object))
    Object.defineProperty(copy, key, { value: armed(one), enumerable: true });
  return copy;
};

const traps = fc.tuple(fc.constantFrom(...trapKinds), text).map(([kind, words]) => new Trap(kind, words));

/** Anything that JavaScript can pass. */
export const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 70_000 }) },
  { weight: 3, arbitrary: traps },
  { weight: 1, arbitrary: fc.constantFrom(undefined, null, true, false, NaN, -0, 1n, Symbol('port'), () => 8088) },
  {
    weight: 2,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      maxDepth: 1,
      maxKeys: 2,
    }),
  },
);

/** An object whose fields are those that are known, mostly. */
export const fields = (known: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(
      fc.record(
        Object.fromEntries(
          Object.entries(known).map(([key, good]) => [
            key,
            fc.oneof({ weight: 20, arbitrary: good }, { weight: 1, arbitrary: value }),
          ]),
        ),
        { requiredKeys: [] },
      ),
      fc.oneof({ weight: 25, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.tuple(text, value) }),
    )
    .map(([record, other]) =>
      other === null ? record : Object.defineProperty({ ...record }, other[0], { value: other[1], enumerable: true }),
    );

/** What may not reach a terminal. */
export const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether all that is in it are characters to be seen, and ends of lines. */
export const isHarmless = (shown: string): boolean => !acting.test(shown.replaceAll(/[\n\t]/g, ''));

/** What a function gives, or the error by which it refuses: any other is a crash. */
export const outcomeOf = <T>(work: () => T): { readonly given: T } | { readonly refused: string } => {
  try {
    return { given: work() };
  } catch (error) {
    if (!isLocalhostForwardError(error) || error.code !== 'LHF_ERR_INVALID_OPTION') throw error;
    if (!isHarmless(error.message))
      throw new Error(`not to be shown: ${JSON.stringify(error.message)}`, { cause: error });
    if (error.message.length > 1_000) throw new Error(`too long: ${error.message.length}`, { cause: error });
    return { refused: error.message };
  }
};
