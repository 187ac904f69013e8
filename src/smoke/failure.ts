import { isLocalhostForwardError } from '../errors.ts';
import type { SmokeFailure } from './report.ts';

/** An error as a report keeps it: its message taken apart again into sentence, evidence and advice. */
export const describeFailure = (error: unknown): SmokeFailure => {
  // A check that a signal ended early has its name as the reason.
  const text = error instanceof Error ? error.message : `interrupted by ${String(error)}`;
  const lines = text.split('\n');
  const [message = '', ...rest] = lines;
  const advice = rest.find((line) => line.startsWith('Try: '));
  return {
    ...(isLocalhostForwardError(error) ? { code: error.code } : {}),
    message,
    evidence: rest.filter((line) => line !== advice).map((line) => line.trim()),
    ...(advice === undefined ? {} : { try: advice.slice('Try: '.length) }),
    ...(isLocalhostForwardError(error) && error.diagnosis !== undefined ? { diagnosis: error.diagnosis } : {}),
  };
};
