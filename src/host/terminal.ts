import { readFileSync } from 'node:fs';

/** Whether this process is in the foreground group of its terminal, which Ctrl+C signals as a whole. */
export const isForegroundOfTerminal = (): boolean => {
  try {
    // Fields 5 to 8 of proc(5)'s stat, counted after the command's closing bracket: group, session, terminal, its foreground group.
    const [, , group, , terminal, foreground] =
      readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return terminal !== '0' && group === foreground;
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  }
};
