import { run, type CommandOptions, type CommandResult } from '../command/run.ts';
import type { Privilege } from '../types.ts';

/** Somebody who may install rules: root itself, or `sudo` that asks for no password. */
export interface Privileges {
  readonly kind: Extract<Privilege, 'root' | 'sudo'>;
  /** What stands before a command: nothing, or `sudo -n`. */
  readonly prefix: readonly string[];
  run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>;
}

export const privilegesOf = (kind: Privileges['kind']): Privileges => {
  const prefix = kind === 'sudo' ? (['sudo', '-n'] as const) : ([] as const);
  return { kind, prefix, run: async (argv, options) => run(argv, { ...options, prefix }) };
};
