/** Resolves when standard input has ended; until then the process lives. */
export const inputToEnd = (): Promise<void> =>
  new Promise((resolve) => process.stdin.once('end', () => resolve()).resume());
