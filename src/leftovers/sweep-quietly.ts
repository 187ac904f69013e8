import { now } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { removeContainer } from '../engine/containers.ts';
import { removeDoubtful, type Doubtful } from '../engine/doubtful.ts';
import { statusOf, type Engine } from '../engine/engine.ts';
import { removeNetwork } from '../engine/networks.ts';
import { tellWords } from '../lifecycle/words.ts';
import type { Session } from '../ownership/session.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { LeftoverKind, LeftoverTools, Mark } from '../strategies/leftover-kind.ts';
import { groupByOwner, type Belongings } from './belongings.ts';
import { judgeByEngine } from './judge-by-engine.ts';
import { judgeOwned } from './judge.ts';
import { leftoverKinds } from './kinds.ts';
import { look, read } from './look.ts';
import { removeShared } from './shared.ts';
import { sweepOwners } from './sweep-owners.ts';

interface QuietTools {
  readonly session: Session;
  readonly engine: Engine;
  readonly privileges: Privileges;
}

/** How often one process looks for what dead runs left, at most, in milliseconds. */
const quietEveryMs = 2_000;

/** For how long removals are begun: closing waits for those that are under way. In milliseconds. */
const quietForMs = 5_000;

/**
 * The same after every opening, where it must cost next to nothing: only dead owners' things go, and no more is listed than names
 * unless something there has no living owner. What an earlier guardian could not do is told. Never throws.
 */
export const sweepQuietly = async ({ session, engine, privileges }: QuietTools): Promise<void> => {
  await removeDoubtful(engine.docker, (thing) => removeThing(engine, thing)).catch((error: unknown) =>
    debug(`looking for what an engine may have made: ${String(error)}`),
  );
  const isFirst = session.sweptAt === undefined;
  if (session.sweptAt !== undefined && now() - session.sweptAt < quietEveryMs) return;
  session.sweptAt = now();
  try {
    await tellWords();
    // Who has no rights may not look at rules, and has made none.
    const rights = privileges.handle.kind === 'none' ? undefined : privileges;
    const tools = { engine, privileges: rights, until: now() + quietForMs };
    const isWanted = ({ listedAt }: LeftoverKind): boolean =>
      listedAt === 'every opening' || (isFirst && listedAt === 'first opening');
    const wanted = leftoverKinds.filter(isWanted);
    const marks = await listNames(wanted, tools);
    await removeShared(wanted, tools);
    const owners = groupByOwner(marks);
    const isGone = await judgeAll(owners, tools);
    const suspects = owners.filter(
      ({ nonce, session: owner }) => nonce !== session.owner.nonce && (owner === undefined || isGone(owner)),
    );
    if (suspects.length === 0) return;
    const told = await readSuspects(suspects, { marks, kinds: wanted }, tools);
    const isDead = await judgeAll(told, tools);
    const dead = told.filter(({ session: owner }) => isDead(owner));
    if (dead.length === 0) return;
    const { removed, failed } = await sweepOwners(dead, tools, { all: false, now: 0 });
    debug(`swept ${removed.map(({ name }) => name).join(', ')}; stays: ${failed.map(({ name }) => name).join(', ')}`);
  } catch (error) {
    debug(`sweeping: ${String(error)}`);
  }
};

/** Whether there was something to be removed. */
const removeThing = async ({ docker }: Engine, { kind, name }: Doubtful): Promise<boolean> => {
  const isNetwork = kind === 'network';
  const looking = isNetwork ? docker.getNetwork(name).inspect() : docker.getContainer(name).inspect();
  const isThere = await looking.then(
    () => true,
    (error: unknown) => {
      if (statusOf(error) === 404) return false;
      throw error;
    },
  );
  if (isThere) await (isNetwork ? removeNetwork(docker, { name }) : removeContainer(docker, name));
  return isThere;
};

/** A kind that cannot be listed keeps no other from being swept. */
const listNames = async (kinds: readonly LeftoverKind[], tools: LeftoverTools): Promise<Mark[]> => {
  const listed = await Promise.all(
    kinds.map((kind) =>
      kind.list(tools).catch((error: unknown): Mark[] => {
        debug(`looking through ${kind.name}: ${String(error)}`);
        return [];
      }),
    ),
  );
  return listed.flat();
};

/**
 * What the suspects' things tell of themselves, and what is listed only where somebody died; with what living owners have, whom a
 * forged name may claim to be.
 */
const readSuspects = async (
  suspects: readonly Belongings[],
  listed: { readonly marks: readonly Mark[]; readonly kinds: readonly LeftoverKind[] },
  tools: LeftoverTools,
): Promise<Belongings[]> => {
  const names = suspects.flatMap(({ marks }) => marks);
  const others = listed.marks.filter((mark) => !names.includes(mark));
  const told = await Promise.all(
    leftoverKinds.map((kind) =>
      read(
        kind,
        names.filter(({ origin }) => origin === kind.name),
        tools,
      ),
    ),
  );
  const onDeath = await look(
    leftoverKinds.filter((kind) => !listed.kinds.includes(kind) && kind.listedAt !== 'a sweep'),
    tools,
  );
  return groupByOwner([...others, ...told.flat(), ...onDeath.marks]);
};

/** By no clock: what is old goes by a sweep that somebody asked for. */
const judgeAll = async (
  owners: readonly Belongings[],
  tools: LeftoverTools,
): Promise<(session: string | undefined) => boolean> => {
  const judge = await judgeByEngine(
    owners.map(({ session }) => session),
    tools,
  );
  return (session) => judgeOwned(session, { all: false, now: 0, hasBridge: true, judge })({ kind: 'guard' }).remove;
};
