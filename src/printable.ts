/*
 * What others wrote (names, labels, comments, command lines) may say anything to a terminal. It is told so that nothing of it acts: control
 * characters, those that turn the direction of writing, and halves of characters are shown as JavaScript writes them.
 */

const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escapeOf = (letter: string): string => {
  const code = letter.codePointAt(0) ?? 0;
  const known = { '\n': String.raw`\n`, '\r': String.raw`\r`, '\t': String.raw`\t` }[letter];
  if (known !== undefined) return known;
  const hex = code.toString(16);
  if (code <= 0xff) return String.raw`\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? String.raw`\u${hex.padStart(4, '0')}` : String.raw`\u{${hex}}`;
};

/** Text of one line. */
export const printableLine = (text: string): string => text.replaceAll(acting, escapeOf);

/** Text whose ends of lines and tabs stay. */
export const printable = (text: string): string =>
  text.replaceAll(acting, (letter) => (letter === '\n' || letter === '\t' ? letter : escapeOf(letter)));

/** A document of JSON that a terminal can be shown: the same values, in characters that do nothing. */
export const renderJson = (value: unknown, indent?: number): string =>
  (JSON.stringify(value, undefined, indent) ?? 'null').replaceAll(acting, (letter) =>
    letter === '\n'
      ? letter
      : Array.from(
          { length: letter.length },
          (_, n) => String.raw`\u${letter.charCodeAt(n).toString(16).padStart(4, '0')}`,
        ).join(''),
  );

/** What was thrown, in words, whatever it is: to look at it may throw again. */
export const wordsOf = (thrown: unknown): string => {
  try {
    const { message } = (thrown ?? {}) as { message?: unknown };
    return typeof message === 'string' ? message : String(thrown);
  } catch {
    return `a thrown ${typeof thrown}`;
  }
};
