import { inspect } from 'node:util';
import { LocalhostForwardError } from '../errors.ts';
import { wordsOf } from '../printable.ts';

/** The one error of bad input: what was expected where, and what was there instead. */
export const expected = (path: string, expectation: string, got: unknown, advice?: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_INVALID_OPTION', {
    what: `Expected \`${path}\` to be ${expectation}, got \`${show(got)}\``,
    ...(advice === undefined ? {} : { try: advice }),
  });

/**
 * Reads a plain object's own fields, refusing unknown ones; the caller's object is read once and never written to.
 *
 * @param also - Names that are known there and not read here.
 */
export const readObject = <K extends string>(
  path: string,
  value: unknown,
  known: readonly K[],
  also: readonly string[] = [],
): Partial<Record<K, unknown>> => {
  if (!isRecord(value)) throw expected(path, 'an object', value);
  for (const key of readSafely(path, () => Reflect.ownKeys(value))) {
    if (![...also, ...known].includes(key as string)) throw unknownKey(path, String(key), [...also, ...known]);
  }
  const fields: Partial<Record<K, unknown>> = {};
  for (const key of known) {
    const field = readSafely(`${path}.${key}`, () => value[key]);
    if (field !== undefined) fields[key] = field;
  }
  return fields;
};

/** Reads one of a few words. */
export const readOneOf = <const W extends string>(path: string, value: unknown, words: readonly W[]): W => {
  if (typeof value === 'string' && (words as readonly string[]).includes(value)) return value as W;
  throw expected(path, `one of ${words.map((word) => `'${word}'`).join(', ')}`, value);
};

/** Reads an integer within bounds, both included. */
export const readInteger = (path: string, value: unknown, from: number, to: number, unit = ''): number => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to && !Object.is(value, -0))
    return value;
  throw expected(path, `an integer from ${from} to ${to}${unit}`, value);
};

/** Whether a value is an object with fields to read: no list, no Map, no promise that somebody forgot to await. */
export const isRecord = (value: unknown): value is Record<string, unknown> => {
  try {
    return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]';
  } catch {
    return false; // A revoked proxy throws whatever one asks of it.
  }
};

/** Whether a value is a list, as safely asked. */
export const isList = (value: unknown): value is readonly unknown[] => {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
};

/** What a look into the caller's objects gives: getters and proxies are the caller's code, and may throw. */
export const readSafely = <T>(path: string, read: () => T): T => {
  try {
    return read();
  } catch (cause) {
    const what = `Reading \`${path}\` threw: ${wordsOf(cause)}`;
    throw new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what }, { cause });
  }
};

const unknownKey = (path: string, asked: string, known: readonly string[]): LocalhostForwardError => {
  // Cut and quoted, for a key can be any text of any length.
  const key = /^[\w$-]{1,60}$/.test(asked) ? asked : JSON.stringify(asked.slice(0, 60));
  const nearest = nearestOf(key, known);
  const hint =
    nearest === undefined ? `Known are ${known.map((one) => `\`${one}\``).join(', ')}` : `Did you mean \`${nearest}\`?`;
  const name = path === 'options' ? `option \`${key}\`` : `key \`${path}.${key}\``;
  return new LocalhostForwardError('LHF_ERR_INVALID_OPTION', { what: `Unknown ${name}. ${hint}` });
};

/** The known word that was probably meant. */
export const nearestOf = (word: string, known: readonly string[]): string | undefined => {
  const [best] = known
    .map((one) => ({ one, distance: distanceOf(word.toLowerCase(), one.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? best.one : undefined;
};

// Levenshtein's, a row at a time.
const distanceOf = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, n) => n);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};

/** A value in a few words, whatever it is. */
export const show = (value: unknown): string => {
  try {
    const text =
      typeof value === 'string'
        ? JSON.stringify(value)
        : inspect(value, { depth: 1, breakLength: Infinity, maxArrayLength: 5, maxStringLength: 80 });
    return text.length > 120 ? `${text.slice(0, 117)}...` : text;
  } catch {
    return typeof value;
  }
};
