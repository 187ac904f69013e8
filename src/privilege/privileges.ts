import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { run, type CommandOptions, type CommandResult } from '../command/run.ts';
import { start } from '../command/start.ts';
import { watch, type Watch } from '../command/watch.ts';
import type { Privilege } from '../types.ts';

/** How another process of this machine gets the same rights again; it does not guess. */
export interface PrivilegeHandle {
  readonly kind: Extract<Privilege, 'root' | 'sudo' | 'none'>;
}

/** Somebody who may change the kernel: root itself, `sudo` that asks for no password, or nobody. */
export interface Privileges {
  readonly handle: PrivilegeHandle;
  /** Runs a program to its end. Never throws. */
  run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>;
  /**
   * Starts a shell on a pipe, detached, which outlives this process by what its text says: it waits for the end of its input. Its first
   * argument is what gives the programs that it runs their privileges: nothing, or `sudo -n`.
   */
  hold(text: string, args: readonly string[], environment: Readonly<Record<string, string>>): ChildProcess;
  /** Starts a program that prints until it is told to end. With `onPrinted` it tells that what it prints, and keeps no process alive. */
  watch(argv: readonly [string, ...string[]], onPrinted?: (text: string) => void): Promise<Watch>;
  /** Writes a kernel parameter, such as `net/ipv4/conf/<bridge>/route_localnet`. The returned text is the reason where that failed. */
  setSysctl(key: string, value: string): Promise<string | undefined>;
}

export const privilegesOf = ({ kind }: PrivilegeHandle): Privileges => privileges[kind];

const withPrefix = (prefix: readonly string[]): Pick<Privileges, 'run' | 'watch' | 'hold'> => ({
  run: (argv, options) => run(argv, { ...options, prefix }),
  watch: (argv, onPrinted) => watch(argv, { prefix }, onPrinted),
  hold: (text, args, environment) => {
    const shell = start(['sh', '-c', text, 'lhf-holder', prefix.join(' '), ...args], {
      environment,
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    if ('failure' in shell) throw new Error(shell.failure);
    return shell;
  },
});

const root: Privileges = {
  handle: { kind: 'root' },
  ...withPrefix([]),
  setSysctl: (key, value) =>
    writeFile(`/proc/sys/${key}`, value).then(
      () => undefined,
      (error: unknown) => String(error),
    ),
};

const sudo: Privileges = {
  handle: { kind: 'sudo' },
  ...withPrefix(['sudo', '-n']),
  setSysctl: async (key, value) => {
    const { exitCode, stderr, failure } = await sudo.run(['tee', `/proc/sys/${key}`], { input: value });
    return exitCode === 0 ? undefined : (failure ?? stderr.trim());
  },
};

/** This user as it is: what takes rights is refused by the kernel. */
const none: Privileges = { ...root, handle: { kind: 'none' } };

const privileges: Readonly<Record<PrivilegeHandle['kind'], Privileges>> = { root, sudo, none };
