import type { CommandResult } from '../command/run.ts';
import { LocalhostForwardError } from '../errors.ts';

type Told = Pick<CommandResult, 'command' | 'exitCode' | 'failure' | 'stderr'>;

/** Where counts cannot be read there are none: zero would tell that nothing came. */
export const notCounted = (what: string, why: string | Told): LocalhostForwardError =>
  unknown(`Nobody counts what comes to ${what} any more`, why);

/** Where rules cannot be listed nobody knows whether they are there: only what is said to be absent is. */
export const notSeen = (what: string, why: Told): LocalhostForwardError =>
  unknown(`The rules of ${what} cannot be looked at`, why);

/** Whether a listing was refused because what it names is not there: nft's and iptables' own words, which they translate into no language. */
export const isAbsent = ({ exitCode, stderr }: Told): boolean =>
  exitCode === 1 && /No such file or directory|No chain\/target\/match by that name/.test(stderr);

const unknown = (what: string, why: string | Told): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_RULES', {
    what: `${what}: ${typeof why === 'string' ? why : complaintOf(why)}`,
    try: 'localhost-forward doctor',
  });

/** Why it failed, in its own words. */
export const complaintOf = ({ command, failure, stderr }: Told): string =>
  `${command}: ${failure ?? (stderr.trim().split('\n')[0] || 'it gave no reason')}`;
