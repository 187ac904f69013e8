import { wallClock } from '../clock.ts';
import { connectEngine } from '../engine/engine.ts';
import { coded } from '../host/coded.ts';
import { readHostFacts } from '../host/facts.ts';
import { forgetWords } from '../lifecycle/words.ts';
import { privilegesOf, type Privileges } from '../privilege/privileges.ts';
import { groupByOwner } from './belongings.ts';
import { leftoverKinds } from './kinds.ts';
import type { SweepReport } from './leftover.ts';
import { look, reasonOf } from './look.ts';
import { sweepOwners } from './sweep-owners.ts';

export type { Leftover, SweepReport } from './leftover.ts';

export interface SweepOptions {
  /** Remove whatever carries our mark, living owners' included. Default: false. */
  all?: boolean;
  /** A dockerode instance or its options. Default: `DOCKER_HOST`, the docker context, the socket. */
  docker?: object;
  /** Who removes rules. Default: `'auto'`, root itself or `sudo` that asks for no password. */
  privilege?: 'auto' | 'root' | 'sudo';
  /** The clock that ages are measured by, in milliseconds since the epoch. Default: the real time, whatever a test has set. */
  now?: () => number;
}

/**
 * Removes what dead runs left: rules, accepts, containers, networks and guards that carry our mark and whose owner is gone.
 * What may have a living owner is spared, and so is whatever carries no mark. One failure keeps nothing else from going, and what
 * could not be looked through is a failure, too.
 *
 * @example
 * const { removed, failed } = await sweep();
 * for (const { kind, name, reason } of failed) console.error(`${kind} ${name} stays: ${reason}`);
 */
export const sweep = (options: SweepOptions = {}): Promise<SweepReport> => coded('Sweeping', () => sweepHere(options));

const sweepHere = async ({
  all = false,
  docker,
  privilege = 'auto',
  now = wallClock,
}: SweepOptions): Promise<SweepReport> => {
  const privileges = await choosePrivileges(privilege);
  const unlisted: SweepReport['failed'][number][] = [];
  const engine = await connectEngine(docker).catch((error: unknown) => {
    unlisted.push({ kind: 'engine', name: 'docker', reason: reasonOf(error) });
    return undefined;
  });
  const tools = { engine, privileges };
  const { marks, unseen } = await look(leftoverKinds, tools);
  for (const { name, reason } of unseen)
    unlisted.push({ kind: 'listing', name, reason: `it could not be looked through: ${reason}` });
  const report = await sweepOwners(groupByOwner(marks), tools, { all, now: now() });
  const failed = [...unlisted, ...report.failed];
  // Where something could not be looked through, whatever a guardian left may be there.
  if (unlisted.length === 0) await forgetWords((session) => !failed.some((one) => one.session === session));
  return { ...report, failed };
};

const choosePrivileges = async (privilege: 'auto' | 'root' | 'sudo'): Promise<Privileges | undefined> => {
  if (process.platform !== 'linux') return undefined;
  if (privilege !== 'auto') return privilegesOf({ kind: privilege });
  if (process.getuid?.() === 0) return privilegesOf({ kind: 'root' });
  return (await readHostFacts()).sudo ? privilegesOf({ kind: 'sudo' }) : undefined;
};
