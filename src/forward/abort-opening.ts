import { orAborted } from '../abort.ts';
import { clearTimeout, setTimeout } from '../clock.ts';
import {
  addEvidence,
  headlineOf,
  isLocalhostForwardError,
  LocalhostForwardError,
  textOf,
  type ErrorText,
} from '../errors.ts';
import { toCoded } from '../host/coded.ts';
import type { UndoFailure } from '../lifecycle/undo-stack.ts';
import type { LocalhostForward } from '../types.ts';

/** How long an opening whose signal has aborted is waited for, in milliseconds: what it calls then has a shorter limit. */
const undoAfterAbortMs = 5_000;

/** An opening that is aborted is undone first, as long as that gets on; what hangs is not waited for. */
export const endAfterAbort = async (
  opening: Promise<LocalhostForward>,
  signal: AbortSignal | undefined,
): Promise<LocalhostForward> => {
  if (signal === undefined) return opening;
  const { promise, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => void (timer = setTimeout(() => reject(aborted(signal, stillUndone)), undoAfterAbortMs));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([opening, promise]);
  } catch (error) {
    throw signal.aborted ? asAborted(error, signal) : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    opening.catch(ignore);
  }
};

/** A call that was given up for the signal fails in its own words, and what matters of them is what stays. */
const asAborted = (error: unknown, signal: AbortSignal): unknown => {
  if (isLocalhostForwardError(error) && error.code === 'LHF_ERR_ABORTED') return error;
  const stays = textOf(error).evidence?.find((line) => line.startsWith(notUndone));
  return aborted(signal, stays === undefined ? {} : { evidence: [stays], try: 'localhost-forward sweep' });
};

const stillUndone = { evidence: ['what it had begun is still being undone'], try: 'localhost-forward sweep' };

/** What others may wait for as well goes on when nobody waits for it here any more. */
export const untilAborted = async <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return work;
  const value = await orAborted(work, signal).catch((error: unknown) => {
    stopIfAborted(signal);
    throw error;
  });
  stopIfAborted(signal);
  return value;
};

export const stopIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw aborted(signal);
};

/** An opening's error, with what could not be undone after it. */
export const withStays = (error: unknown, failures: readonly UndoFailure[]): LocalhostForwardError => {
  const ours = toCoded('Opening the forward', error);
  const stays = failures.map(({ what, error: failure }) => `${what}: ${headlineOf(failure)}`).join('; ');
  addEvidence(ours, `${notUndone}${stays}: \`localhost-forward sweep\` removes it once this process has ended`);
  return ours;
};

const notUndone = 'not undone: ';

const aborted = ({ reason: cause }: AbortSignal, more: Partial<ErrorText> = {}): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_ABORTED',
    { what: `Opening was aborted by its signal: ${String(cause)}`, ...more },
    { cause },
  );

const ignore = (): void => undefined;
