import { readFileSync, readlinkSync } from 'node:fs';

/** A small file of the kernel's, or undefined where it is hidden, absent or empty. */
export const readProc = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
};

/** Where a link of /proc leads, or undefined where there is none. */
export const readProcLink = (path: string): string | undefined => {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
};
