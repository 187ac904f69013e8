import type { CommandResult } from '../command/run.ts';
import { LocalhostForwardError } from '../errors.ts';

/** Where counts cannot be read there are none: zero would tell that nothing came. */
export const notCounted = (
  what: string,
  why: string | Pick<CommandResult, 'command' | 'failure' | 'stderr'>,
): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_RULES', {
    what: `Nobody counts what comes to ${what} any more: ${typeof why === 'string' ? why : complaintOf(why)}`,
    try: 'localhost-forward doctor',
  });

const complaintOf = ({ command, failure, stderr }: Pick<CommandResult, 'command' | 'failure' | 'stderr'>): string =>
  `${command}: ${failure ?? (stderr.trim().split('\n')[0] || 'it gave no reason')}`;
