import type { Argv } from '../command/start.ts';
import type { CommandResult } from '../command/run.ts';
import type { Privileges } from './privileges.ts';

/** What somebody who may change the kernel is asked for. */
export interface PrivilegedStep {
  readonly by: 'sysctl' | 'program';
  readonly call: string;
  readonly lines: readonly string[];
}

/**
 * The same rights, by which is only looked: listings are read, and what would change something is told and taken for done. A container is
 * not started for it, and sees nothing.
 */
export const tellingPrivileges = (
  real: Privileges,
  { say, set }: { readonly say: (step: PrivilegedStep) => void; readonly set: (key: string, value: string) => void },
): Privileges => {
  const isBlind = real.handle.kind === 'container';
  /** Rules that a chain would have by now, for whoever looks for them there. */
  const inserted = new Map<string, string>();
  const put = ([program, verb, , ...rest]: Argv): void => {
    if (program === 'nft' && verb === 'insert')
      inserted.set(rest.slice(0, -1).join(' '), `\t\t${rest.at(-1)} # handle 0`);
  };
  return {
    handle: real.handle,
    run: async (argv, options) => {
      const command = argv.join(' ');
      if (!isListing(argv)) {
        put(argv);
        say({ by: 'program', call: command, lines: options?.input?.split('\n') ?? [] });
        return { ...nothing, command };
      }
      const result = isBlind ? { ...unseen(argv), command } : await real.run(argv, options);
      const ours = inserted.get(argv.slice(4).join(' '));
      return ours === undefined ? result : { ...result, stdout: `${result.stdout}${ours}\n` };
    },
    setSysctls: async (keys, value) => {
      say({ by: 'sysctl', call: 'write', lines: keys.map((key) => `/proc/sys/${key} = ${value}`) });
      for (const key of keys) set(key, value);
      return undefined;
    },
    hold: () => {
      throw new Error('nothing is held where nothing is done');
    },
    watch: async () => ({ printed: () => '', stop: async () => '' }),
    renew: async () => undefined,
    use: () => ({ release: async () => undefined }),
    check: () => undefined,
    close: async () => undefined,
  };
};

const nothing: Omit<CommandResult, 'command'> = { stdout: '', stderr: '', exitCode: 0, failure: undefined };

/** What a listing says that nobody can take: a chain that is asked for by its name is taken for one that is not there. */
const unseen = ([program]: Argv): typeof nothing =>
  program === 'iptables'
    ? { ...nothing, exitCode: 1, stderr: 'iptables: No chain/target/match by that name.' }
    : nothing;

/** Whether a program only lists, as far as this package asks it to. What is not known to does not. */
const isListing = ([program, ...args]: Argv): boolean =>
  (program === 'nft' && args.filter((word) => !word.startsWith('-'))[0] === 'list') ||
  (program === 'iptables' && args.some((word) => word === '-S' || word === '-C')) ||
  program === 'iptables-save';
