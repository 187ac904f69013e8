import type { Diagnosis } from './diagnosis.ts';
import { printable, printableLine, wordsOf } from './printable.ts';
import type { StrategyReason } from './types.ts';

/** Each code that a {@link LocalhostForwardError} can carry. */
export const errorCodes = [
  'LHF_ERR_INVALID_OPTION',
  'LHF_ERR_DOCKER_UNAVAILABLE',
  'LHF_ERR_NO_STRATEGY',
  'LHF_ERR_PRIVILEGE',
  'LHF_ERR_PORT_IN_USE',
  'LHF_ERR_NETWORK',
  'LHF_ERR_RULES',
  'LHF_ERR_SYSTEM',
  'LHF_ERR_UNREACHABLE',
  'LHF_ERR_CLOSE',
  'LHF_ERR_CLOSED',
  'LHF_ERR_ABORTED',
  'LHF_ERR_TIMEOUT',
  'LHF_ERR_UNSUPPORTED',
] as const;

/** By which an error is told apart; each has a page in `docs/errors.md`. */
export type ErrorCode = (typeof errorCodes)[number];

/** What an error's message is made of, one part a line. */
export interface ErrorText {
  /** One line: what failed, with its values. */
  readonly what: string;
  /** What was seen, a line each. */
  readonly evidence?: readonly string[];
  /** One command, or one thing to do. */
  readonly try?: string;
}

export interface ErrorFacts {
  readonly cause?: unknown;
  readonly strategy?: string;
  readonly command?: string;
  readonly stderr?: string;
  readonly diagnosis?: Diagnosis;
  readonly reasons?: readonly StrategyReason[];
}

const pages = 'https://github.com/localhost-forward/localhost-forward/blob/main/docs';

/** Where a code is explained; with a diagnosis, where its finding is. */
export const docsOf = (code: ErrorCode, diagnosis: Pick<Diagnosis, 'finding'> | undefined): string =>
  diagnosis === undefined ? `${pages}/errors.md#${code.toLowerCase()}` : `${pages}/findings.md#${diagnosis.finding}`;

// Two copies of the package can live in one process (ESM and CommonJS): the brand is shared, the class is not. It carries the error's text.
const brand = Symbol.for('localhost-forward.error');

/**
 * The one error class of this package: tell cases apart by `code`.
 *
 * @example
 * try {
 *   await withLocalhostForward(8088, body);
 * } catch (error) {
 *   if (isLocalhostForwardError(error) && error.code === 'LHF_ERR_UNREACHABLE') console.error(error.diagnosis);
 *   throw error;
 * }
 */
export class LocalhostForwardError extends Error {
  override readonly name = 'LocalhostForwardError';
  /** What went wrong, as one of a fixed list. */
  readonly code: ErrorCode;
  /** The address of the page that explains it, and what to do. */
  readonly docs: string;
  /** The strategy that was tried, where it is about one. */
  declare readonly strategy?: string;
  /** The program that failed, with its arguments. */
  declare readonly command?: string;
  /** What that program said. */
  declare readonly stderr?: string;
  /** Why containers do not get through, with `LHF_ERR_UNREACHABLE`. */
  declare readonly diagnosis?: Diagnosis;
  /** What stands in the way of each strategy, with `LHF_ERR_NO_STRATEGY`. */
  declare readonly reasons?: readonly StrategyReason[];

  /** @internal */
  constructor(code: ErrorCode, text: ErrorText, { cause, ...facts }: ErrorFacts = {}) {
    super(renderErrorText(text), cause === undefined ? undefined : { cause });
    this.code = code;
    this.docs = docsOf(code, facts.diagnosis);
    Object.defineProperty(this, brand, { value: text, writable: true });
    for (const [name, value] of Object.entries(facts)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true });
    }
  }
}

/**
 * Whether a value is this package's error, thrown by any copy of it in this process and in any realm, as Jest gives each test file one.
 * Throws nothing.
 *
 * @example
 * const code = await openLocalhostForward(8088).catch((error) => (isLocalhostForwardError(error) ? error.code : 'another error'));
 */
export const isLocalhostForwardError = (value: unknown): value is LocalhostForwardError =>
  typeof value === 'object' && value !== null && brand in value;

/** What an error is made of: one of ours as it was told, anybody else's by its first line. */
export const textOf = (error: unknown): ErrorText => {
  const told = isLocalhostForwardError(error) ? (error as unknown as Record<symbol, unknown>)[brand] : undefined;
  if (typeof told === 'object' && told !== null) return told as ErrorText;
  return { what: wordsOf(error).split('\n', 1)[0] ?? '' };
};

/** What an error says first: its evidence and advice are those of another question. */
export const headlineOf = (error: unknown): string => textOf(error).what;

/** Adds to an error of ours what was seen after it. */
export const addEvidence = (error: LocalhostForwardError, line: string): void => {
  const { evidence = [], ...text } = textOf(error);
  const whole: ErrorText = { ...text, evidence: [...evidence, line] };
  Object.defineProperty(error, brand, { value: whole });
  error.message = renderErrorText(whole);
};

const renderErrorText = ({ what, evidence = [], try: advice }: ErrorText): string =>
  [
    within(what, '  '),
    ...evidence.map((line) => `  ${within(line, '    ')}`),
    ...(advice === undefined ? [] : [`Try: ${printableLine(advice)}`]),
  ].join('\n');

// Words of others may be of several lines: none of them begins as one of ours would.
const within = (text: string, indent: string): string => printable(text).replaceAll(/\n(?!$)/g, `\n${indent}`);
