import { writeFile } from 'node:fs/promises';
import { run, type CommandOptions, type CommandResult } from '../command/run.ts';
import { watch, type Watch } from '../command/watch.ts';
import type { Privilege } from '../types.ts';
import { containerPrivileges } from './container.ts';
import type { RootArgv } from './programs.ts';
import type { NoteHelper, RightsEngine } from './rights-container.ts';
import { leaseHere, type Lease } from './lease.ts';

/** How another process of this machine gets the same rights again; it does not guess. */
export interface PrivilegeHandle {
  readonly kind: Privilege;
}

/** Somebody who may change the kernel: root itself, `sudo` that asks for no password, a container of ours, or nobody. */
export interface Privileges {
  readonly handle: PrivilegeHandle;
  /** Runs one of few programs to its end, found in the system's folders alone. Never throws. */
  run(argv: RootArgv, options?: CommandOptions): Promise<CommandResult>;
  /**
   * Starts a shell on a pipe, which outlives this process by what its text says: it waits for the end of its input. Its first argument is
   * what gives the programs that it runs their privileges: nothing, or `sudo -n`. @throws Error where there is no shell.
   */
  hold(text: string, args: readonly string[], environment: Readonly<Record<string, string>>): Lease;
  /** Starts a program that prints until it is told to end. With `onPrinted` it tells that what it prints, and keeps no process alive. */
  watch(argv: RootArgv, onPrinted?: (text: string) => void): Promise<Watch>;
  /** Writes kernel parameters, such as `net/ipv4/conf/<bridge>/route_localnet`, all alike. The returned text is why one of them failed. */
  setSysctls(keys: readonly string[], value: string): Promise<string | undefined>;
  /** Turns parameters on again that were turned off though this process lives: what they need has to stand by then. */
  renew(): Promise<void>;
  /**
   * Keeps what it takes ready for one more forward. When the last is released, nothing of it is left.
   *
   * @param note - Has a container that is about to be made known to whoever outlives this process.
   */
  use(note?: NoteHelper): { release(): Promise<void> };
  /** @throws LHF_ERR_DOCKER_UNAVAILABLE where what it takes could not be started the last time, since no engine answered. */
  check(): void;
  /** Ends what it takes, whoever uses it; the next call starts it anew. */
  close(): Promise<void>;
}

/** @param engine - Where a container is to run: needed for that kind alone. */
export const privilegesOf = ({ kind }: PrivilegeHandle, engine?: RightsEngine): Privileges => {
  if (kind !== 'container') return privileges[kind];
  if (engine === undefined) throw new Error('a container that changes the kernel needs an engine');
  return containerPrivileges(engine);
};

const withPrefix = (
  prefix: readonly string[],
): Pick<Privileges, 'run' | 'watch' | 'hold' | 'renew' | 'use' | 'check' | 'close'> => ({
  run: (argv, options) => run(argv, { ...options, prefix }),
  watch: (argv, onPrinted) => watch(argv, { prefix }, onPrinted),
  hold: (text, args, environment) => leaseHere(prefix, text, args, environment),
  renew: async () => undefined,
  use: () => ({ release: async () => undefined }),
  check: () => undefined,
  close: async () => undefined,
});

const pathOf = (key: string): string => `/proc/sys/${key}`;

const root: Privileges = {
  handle: { kind: 'root' },
  ...withPrefix([]),
  setSysctls: async (keys, value) => {
    const written = await Promise.allSettled(keys.map((key) => writeFile(pathOf(key), value)));
    const failed = written.find((result) => result.status === 'rejected');
    return failed === undefined ? undefined : String(failed.reason);
  },
};

const sudo: Privileges = {
  handle: { kind: 'sudo' },
  ...withPrefix(['sudo', '-n']),
  setSysctls: async (keys, value) => {
    const { exitCode, stderr, failure } = await sudo.run(['tee', ...keys.map(pathOf)], { input: value });
    return exitCode === 0 ? undefined : (failure ?? stderr.trim());
  },
};

/** This user as it is: what takes rights is refused by the kernel. */
const none: Privileges = { ...root, handle: { kind: 'none' } };

const privileges: Readonly<Record<'root' | 'sudo' | 'none', Privileges>> = { root, sudo, none };
