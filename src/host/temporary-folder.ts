import { tmpdir } from 'node:os';
import { isAbsolute, resolve } from 'node:path';

/** Where temporary files go, by an absolute path whatever TMPDIR says: engines, and a guardian that runs elsewhere, take no other. */
export const temporaryFolder = (): string => {
  const named = tmpdir();
  if (isAbsolute(named)) return named;
  try {
    return resolve(named);
  } catch {
    // The folder that this process runs in is gone.
    return '/tmp';
  }
};
