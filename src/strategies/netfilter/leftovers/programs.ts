import { findProgram } from '../../../command/find-program.ts';
import type { CommandOptions, CommandResult } from '../../../command/run.ts';
import { toolsImage } from '../../../host/tools-image.ts';
import type { RootArgv, RootProgram } from '../../../privilege/programs.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import type { LeftoverTools } from '../../leftover-kind.ts';
import { firstWords } from '../first-words.ts';

/** How long a listing may take where other programs keep changing the rules, in milliseconds. */
const listingMs = 30_000;

const listings = new WeakMap<LeftoverTools, Map<string, Promise<string>>>();

/**
 * What a listing printed, asked once for these tools: kinds that read the same one share it. Empty where the program is not installed,
 * which can have left nothing.
 *
 * @throws Error where nobody may look, or the listing failed.
 */
export const listOnce = (argv: RootArgv, tools: LeftoverTools): Promise<string> => {
  const known = listings.get(tools) ?? new Map<string, Promise<string>>();
  listings.set(tools, known);
  const key = argv.join(' ');
  const listing = known.get(key) ?? list(argv, tools);
  known.set(key, listing);
  return listing;
};

/** The same as it is now. */
export const list = async (argv: RootArgv, tools: LeftoverTools, options: CommandOptions = {}): Promise<string> => {
  if (process.platform !== 'linux' || !mayHave(argv[0], tools)) return '';
  const result = await privilegesIn(tools).run(argv, { timeoutMs: listingMs, ...options });
  if (isMissing(result.failure)) return '';
  if (result.exitCode !== 0) throw new Error(`${argv.join(' ')}: ${reasonOf(result)}`);
  return result.stdout;
};

/** Whether there may be a program by which something was left. What an image has is known by running it alone. */
export const mayHave = (program: RootProgram, { privileges }: LeftoverTools): boolean =>
  findProgram(program) !== undefined || (privileges?.handle.kind === 'container' && toolsImage() !== undefined);

/**
 * Whether a program did not start since the image has none of that name that may be run: it can have left nothing. One of this host's that
 * its container does not see can.
 */
export const isMissing = (failure: string | undefined): boolean => toolsImage() !== undefined && isUnstartable(failure);

/** Whether it is in none of the folders, or nobody may run it there. Pure. */
export const isUnstartable = (failure = ''): boolean => /^spawn \S+ (?:ENOENT|EACCES)$/.test(failure);

export const privilegesIn = ({ privileges }: LeftoverTools): Privileges => {
  if (privileges === undefined) throw new Error('this needs root, or sudo without a password');
  return privileges;
};

export const reasonOf = ({ failure, stderr }: Pick<CommandResult, 'failure' | 'stderr'>): string =>
  failure ?? (firstWords(stderr) || 'it gave no reason');
