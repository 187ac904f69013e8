import { connectEngine, type Engine } from '../engine/engine.ts';
import { debug } from '../command/debug.ts';
import { readHostFacts } from '../host/facts.ts';
import { privilegesOf, type Privileges } from '../privilege/privileges.ts';
import { findEngineMarks } from './engine-marks.ts';
import { findAll, findKernelMarks } from './find.ts';
import { listOwnChainBridges } from './iptables-marks.ts';
import { judgeFound } from './judge.ts';
import { groupFound, type Found, type SweepReport } from './leftover.ts';
import { listOwnTableNames, readTableName } from './nft-marks.ts';
import { sweepGroups } from './sweep-groups.ts';
import type { Session } from '../ownership/session.ts';

export type { Leftover, SweepReport } from './leftover.ts';

export interface SweepOptions {
  /** Remove whatever carries our mark, living owners' included. Default: false. */
  all?: boolean;
  /** A dockerode instance or its options. Default: `DOCKER_HOST`, the docker context, the socket. */
  docker?: object;
  /** Who removes rules. Default: `'auto'`, root itself or `sudo` that asks for no password. */
  privilege?: 'auto' | 'root' | 'sudo';
  /** The clock that ages are measured by, in milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number;
}

/**
 * Removes what dead runs left: rules, accepts, containers, networks and guards that carry our mark and whose owner is gone.
 * What may have a living owner is spared, and so is whatever carries no mark. One failure keeps nothing else from going.
 *
 * @example
 * const { removed, failed } = await sweep();
 * for (const { kind, name, reason } of failed) console.error(`${kind} ${name} stays: ${reason}`);
 */
export const sweep = async ({
  all = false,
  docker,
  privilege = 'auto',
  now = Date.now,
}: SweepOptions = {}): Promise<SweepReport> => {
  const privileges = await choosePrivileges(privilege);
  const failed: SweepReport['failed'][number][] = [];
  const engine = await connectEngine(docker).catch((error: unknown) => {
    failed.push({ kind: 'engine', name: 'docker', reason: reasonOf(error) });
    return undefined;
  });
  const found = await findAll({ engine, privileges }, (what, error) =>
    failed.push({ ...what, reason: reasonOf(error) }),
  );
  const report = await sweepGroups(groupFound(found), { engine, privileges }, { all, now: now() });
  return { ...report, failed: [...failed, ...report.failed] };
};

interface QuietTools {
  readonly session: Session;
  readonly engine: Engine;
  readonly privileges: Privileges;
}

/** How often one process looks for what dead runs left, at most, in milliseconds. */
const quietEveryMs = 2_000;

/**
 * The same beside every opening, where it must cost next to nothing: only dead owners' things go, and rules are listed
 * only when something hints at a dead owner. Never throws.
 */
export const sweepQuietly = async ({ session, engine, privileges }: QuietTools): Promise<void> => {
  const isFirst = session.sweptAt === undefined;
  if (session.sweptAt !== undefined && performance.now() - session.sweptAt < quietEveryMs) return;
  session.sweptAt = performance.now();
  try {
    const tools = { engine, privileges };
    const ownedHere = `lhf-${session.owner.nonce}`;
    const [marks, tables, chains] = await Promise.all([
      findEngineMarks(engine),
      listOwnTableNames(privileges),
      isFirst ? listOwnChainBridges(privileges) : [],
    ]);
    const isDead = ({ kind, session: owner, created }: Found): boolean =>
      judgeFound(
        { kind, ...(created === undefined ? {} : { created }) },
        { session: owner, all: false, now: 0, bridgeExists: true },
      ).remove;
    const living = new Set(marks.filter((mark) => !isDead(mark)).map(({ bridge }) => bridge));
    const bridges = [...tables.flatMap((name) => readTableName(name)?.bridge ?? []), ...chains];
    const unexplained = bridges.some((bridge) => !bridge.startsWith(ownedHere) && !living.has(bridge));
    if (!unexplained && !marks.some(isDead)) return;
    const found = [...marks, ...(await findKernelMarks(privileges))];
    const dead = groupFound(found).filter(({ session: owner }) =>
      isDead({ kind: 'guard', name: '', bridge: '', session: owner }),
    );
    const { removed, failed } = await sweepGroups(dead, tools, { all: false, now: 0 });
    if (removed.length + failed.length > 0)
      debug(`swept ${removed.map(({ name }) => name).join(', ')}; stays: ${failed.map(({ name }) => name).join(', ')}`);
  } catch (error) {
    debug(`sweeping: ${String(error)}`);
  }
};

const choosePrivileges = async (privilege: 'auto' | 'root' | 'sudo'): Promise<Privileges | undefined> => {
  if (process.platform !== 'linux') return undefined;
  if (privilege !== 'auto') return privilegesOf({ kind: privilege });
  if (process.getuid?.() === 0) return privilegesOf({ kind: 'root' });
  return (await readHostFacts()).sudo ? privilegesOf({ kind: 'sudo' }) : undefined;
};

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
