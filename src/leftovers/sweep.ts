import { wallClock } from '../clock.ts';
import { connectEngine, type Engine } from '../engine/engine.ts';
import { coded } from '../host/coded.ts';
import { readHostFacts } from '../host/facts.ts';
import { lendTools } from '../privilege/lent-tools.ts';
import { forgetWords } from '../lifecycle/words.ts';
import { lookBy } from '../privilege/ladder.ts';
import { privilegesOf, type Privileges } from '../privilege/privileges.ts';
import { isOwnRights } from '../privilege/rights-container.ts';
import { parseSweepOptions, type ResolvedSweepOptions } from '../options/sweep.ts';
import type { LocalhostForwardOptions } from '../types.ts';
import type { Mark } from '../strategies/leftover-kind.ts';
import { groupByOwner } from './belongings.ts';
import { leftoverKinds } from './kinds.ts';
import type { SweepReport } from './leftover.ts';
import { look, reasonOf } from './look.ts';
import { listShared, removeShared } from './shared.ts';
import { sweepOwners } from './sweep-owners.ts';

export type { Leftover, SweepReport } from './leftover.ts';

/** What a sweep takes, and by whom. */
export interface SweepOptions {
  /** Remove whatever carries our mark, living owners' included. Default: false. */
  all?: boolean;
  /** A dockerode instance or its options. Default: `DOCKER_HOST`, the docker context, the socket. */
  docker?: LocalhostForwardOptions['docker'];
  /** Who removes rules. Default: `'auto'`, root itself, `sudo` that asks for no password, or a helper container. */
  privilege?: 'auto' | 'root' | 'sudo' | 'container';
  /** The clock that ages are measured by, in milliseconds since the epoch. Default: the real time, whatever a test has set. */
  now?: () => number;
}

/**
 * Removes what dead runs left: rules, accepts, containers, networks and guards that carry our mark and whose owner is gone.
 * What may have a living owner is spared, and so is whatever carries no mark. One failure keeps nothing else from going, and what
 * could not be looked through is a failure, too.
 *
 * @throws LHF_ERR_INVALID_OPTION, LHF_ERR_SYSTEM. What could not be removed is told and not thrown.
 * @example
 * const { removed, failed } = await sweep();
 * for (const { kind, name, reason } of failed) console.error(`${kind} ${name} stays: ${reason}`);
 */
export const sweep = (options: SweepOptions = {}): Promise<SweepReport> =>
  coded('Sweeping', async () => sweepHere(parseSweepOptions(options)));

const sweepHere = async ({ all, docker, privilege, now = wallClock }: ResolvedSweepOptions): Promise<SweepReport> => {
  const unlisted: SweepReport['failed'][number][] = [];
  const engine = await connectEngine(docker).catch((error: unknown) => {
    unlisted.push({ kind: 'engine', name: 'docker', reason: reasonOf(error) });
    return undefined;
  });
  const privileges = await choosePrivileges(privilege, engine);
  // Forwards of this process may live by the same container, which goes with its last user.
  const rights = privileges?.use();
  try {
    return await sweepBy({ engine, privileges }, { all, now: now() }, unlisted);
  } finally {
    await rights?.release();
  }
};

const sweepBy = async (
  tools: { readonly engine: Engine | undefined; readonly privileges: Privileges | undefined },
  when: Parameters<typeof sweepOwners>[2],
  unlisted: SweepReport['failed'][number][],
): Promise<SweepReport> => {
  const { marks, unseen } = await look(leftoverKinds, tools);
  for (const { name, reason } of unseen)
    unlisted.push({ kind: 'listing', name, reason: `it could not be looked through: ${reason}` });
  const report = await sweepOwners(groupByOwner(marks.filter(isOthers)), tools, when);
  // Listed anew: the dead were in it until now.
  const anew = { ...tools };
  const bare = await listShared(leftoverKinds, anew);
  const shared = await removeShared(leftoverKinds, anew);
  // Whoever leaves at this moment leaves it bare, too, and takes it himself: only what was there before and is there still has stayed.
  const still = bare.length === shared.length ? [] : await listShared(leftoverKinds, { ...tools });
  const stays = still.filter(({ name }) => bare.some((one) => one.name === name));
  const failed = [...unlisted, ...report.failed, ...stays.map((left) => ({ ...left, reason: sharedStays }))];
  // Where something could not be looked through, whatever a guardian left may be there.
  if (unlisted.length === 0) await forgetWords((session) => !failed.some((one) => one.session === session));
  return { ...report, removed: [...report.removed, ...shared], failed };
};

const choosePrivileges = async (
  asked: NonNullable<SweepOptions['privilege']>,
  engine: Engine | undefined,
): Promise<Privileges | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const kind = asked === 'auto' ? await chooseLooker(engine) : asked;
  return kind === undefined || (kind === 'container' && engine === undefined)
    ? undefined
    : privilegesOf({ kind }, engine);
};

const chooseLooker = async (engine: Engine | undefined): Promise<ReturnType<typeof lookBy>> => {
  const own = await readHostFacts();
  return lookBy(engine === undefined ? own : await lendTools(own, engine), engine?.facts);
};

const sharedStays = 'nobody is in it, and its removal was refused';

// What looks is nothing that was left.
const isOthers = ({ session }: Mark): boolean => !isOwnRights(session);
