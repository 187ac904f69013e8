import { isLocalhostForwardError } from '../../../src/errors.ts';
import type { LocalhostForwardError } from '../../../src/errors.ts';

/** The package's error that an action throws; fails where it throws another, or none. */
export const refusalOf = (action: () => unknown): LocalhostForwardError => {
  try {
    action();
  } catch (error) {
    if (isLocalhostForwardError(error)) return error;
    throw error;
  }
  throw new Error('Nothing was thrown');
};
