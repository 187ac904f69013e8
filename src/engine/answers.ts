/*
 * What an engine's answers have to be for us to go on by them: checked where they enter, so that nobody behind works with what is none.
 */

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
const has =
  (field: string) =>
  (value: unknown): boolean =>
    isObject(value) && typeof value[field] === 'string' && value[field] !== '';
const all =
  (isOne: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every(isOne);

/** By the calls whose answers are read. */
const expected: readonly (readonly [call: RegExp, isAnswer: (value: unknown) => boolean])[] = [
  [/^GET \/info$/, has('ServerVersion')],
  [/^GET \/networks$/, all(has('Id'))],
  [/^GET \/networks\/[^/]+$/, has('Id')],
  [/^POST \/(?:networks|containers)\/create$/, has('Id')],
  [/^GET \/containers\/json$/, all((one) => has('Id')(one) && Array.isArray((one as { Names?: unknown }).Names))],
  [/^GET \/containers\/[^/]+\/json$/, (one) => has('Id')(one) && isObject((one as { Config?: unknown }).Config)],
  [/^GET \/images\/.+\/json$/, has('Id')],
];

/** How much of it is told. */
const excerptLength = 80;

/** An answer that is none, in a few words; undefined where it is one. */
export const describeNonsense = (call: string, answer: unknown): string | undefined => {
  const [, isAnswer] = expected.find(([pattern]) => pattern.test(call)) ?? [];
  return isAnswer === undefined || isAnswer(answer) ? undefined : excerptOf(answer);
};

const excerptOf = (answer: unknown): string => {
  const text = Buffer.isBuffer(answer) ? answer.toString() : (JSON.stringify(answer) ?? 'nothing');
  const excerpt = text.length > excerptLength ? `${text.slice(0, excerptLength)}…` : text || 'nothing';
  // It may say anything to a terminal.
  return excerpt.replaceAll(/\p{C}/gu, ' ');
};
