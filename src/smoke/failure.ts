import { isLocalhostForwardError, textOf } from '../errors.ts';
import type { SmokeFailure } from './report.ts';

/** An error as a report keeps it. */
export const describeFailure = (error: unknown): SmokeFailure => {
  // A check that a signal ended early has its name as the reason.
  if (!(error instanceof Error)) return { message: `interrupted by ${String(error)}`, evidence: [] };
  const { what: message, evidence = [], try: advice } = textOf(error);
  return {
    ...(isLocalhostForwardError(error) ? { code: error.code, docs: error.docs } : {}),
    message,
    evidence,
    ...(advice === undefined ? {} : { try: advice }),
    ...(isLocalhostForwardError(error) && error.diagnosis !== undefined ? { diagnosis: error.diagnosis } : {}),
  };
};
