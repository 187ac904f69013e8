import { headlineOf, isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import type { UndoFailure } from '../lifecycle/undo-stack.ts';
import type { LocalhostForward } from '../types.ts';

/** What is behind an error of ours. */
const causeOf = (error: unknown): unknown => (isLocalhostForwardError(error) ? (error.cause ?? error) : error);

/** The error of a close that left something, with what that is. */
export const closeFailed = (
  { networkName, strategy }: Pick<LocalhostForward, 'networkName' | 'strategy'>,
  failures: readonly UndoFailure[],
): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_CLOSE',
    {
      what: `The forward ${networkName} could not be closed whole`,
      evidence: failures.map(({ what, error }) => `stays: ${what}: ${headlineOf(error)}`),
      try: 'localhost-forward sweep',
    },
    {
      cause:
        failures.length === 1 ? causeOf(failures[0]?.error) : new AggregateError(failures.map(({ error }) => error)),
      strategy,
    },
  );
