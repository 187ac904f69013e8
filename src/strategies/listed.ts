import type { CommandResult } from '../command/run.ts';
import { LocalhostForwardError } from '../errors.ts';

type Told = Pick<CommandResult, 'command' | 'exitCode' | 'failure' | 'stderr'>;

/** Where counts cannot be read there are none: zero would tell that nothing came. */
export const notCounted = (what: string, why: string | Told): LocalhostForwardError =>
  unknown(`Nobody counts what comes to ${what} any more`, why);

/** Where rules cannot be listed nobody knows whether they are there. */
export const notSeen = (what: string, why: Told): LocalhostForwardError =>
  unknown(`The rules of ${what} cannot be looked at`, why);

/** iptables' own, where somebody else holds its lock. */
const resourceProblem = 4;
/** A shell's, of a program that it cannot run. */
const notRun = [126, 127];

/** What is said to who may not look, or cannot just now. */
const refusals =
  /password|terminal is required|not permitted|permission denied|must be root|xtables lock|^sudo: |cache initialization failed|temporarily unavailable|cannot allocate memory/im;

/**
 * Whether a listing was refused because what it names is not there. iptables has many words for that, by its version and by what of the
 * table is left: so it is whatever is no refusal.
 */
export const isAbsent = ({ exitCode, stderr }: Told): boolean =>
  exitCode !== undefined &&
  exitCode !== 0 &&
  ![resourceProblem, ...notRun].includes(exitCode) &&
  !refusals.test(stderr);

const unknown = (what: string, why: string | Told): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_RULES', {
    what: `${what}: ${typeof why === 'string' ? why : complaintOf(why)}`,
    try: 'localhost-forward doctor',
  });

/** Why it failed, in its own words. */
export const complaintOf = ({ command, failure, stderr }: Told): string =>
  `${command}: ${failure ?? (stderr.trim().split('\n')[0] || 'it gave no reason')}`;
