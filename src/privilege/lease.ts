import { start } from '../command/start.ts';

/** A shell on a pipe from this process, wherever it runs: what it holds lives as long as the pipe, and so as long as this process. */
export interface Lease {
  /** For people: which process or container it is. */
  readonly name: string;
  /** Told what its programs say on standard error, and, once, why it can be written to no more. To be called at once. */
  listen(listener: LeaseListener): void;
  write(text: string): void;
  /**
   * Ends it in order, with nothing held. Its shells go first, all at once, so that none takes the end of the pipe for a death: another lease
   * of this process may have something open.
   */
  retire(): void;
}

export interface LeaseListener {
  readonly said: (text: string) => void;
  readonly ended: (reason: string) => void;
}

/** A detached shell on this host, its programs run by a prefix: nothing, or `sudo -n`. It keeps no process alive. @throws Error */
export const leaseHere = (
  prefix: readonly string[],
  text: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Lease => {
  const shell = start(['sh', '-c', text, 'lhf-holder', prefix.join(' '), ...args], {
    environment,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  if ('failure' in shell) throw new Error(shell.failure);
  for (const part of [shell, shell.stdin as { unref?(): void } | null, shell.stderr as { unref?(): void } | null])
    part?.unref?.();
  return {
    name: `process ${shell.pid}`,
    listen: ({ said, ended }) => {
      shell.on('error', (error) => ended(error.message));
      // The shell killed alone leaves what it held on the pipe: Node closes that, and the last breath is the end of standard error.
      shell.stdin?.on('error', () => ended('its pipe is closed'));
      shell.stderr?.setEncoding('utf8').on('data', said);
      shell.stderr?.on('close', () => ended('it ended'));
    },
    write: (request) => void shell.stdin?.write(request),
    retire: () => {
      const { pid, exitCode, signalCode } = shell;
      // It is detached, which makes it a process group.
      if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
      shell.stdin?.end();
    },
  };
};
