import type { Stay } from '../lifecycle/words.ts';
import {
  removalOrder,
  type DeadSession,
  type LeftoverKind,
  type LeftoverTools,
  type Mark,
  type Outcome,
} from '../strategies/leftover-kind.ts';
import { clearEngine } from './clear-engine.ts';
import { leftoverKinds } from './kinds.ts';
import { reasonOf } from './look.ts';
import { removeMarks } from './remove.ts';
import { removeShared } from './shared.ts';

const isOfEngine = ({ kind }: Pick<Mark, 'kind'>): boolean => kind === 'network' || kind === 'container';

const effortOf = (kind: LeftoverKind): number =>
  kind.order === removalOrder.sysctl ? 0 : kind.named === undefined ? 2 : 1;

/** Bridges are shut first of all. Then goes what is known by name, since listings of what others keep may take their time. */
const kernelKinds = leftoverKinds
  .filter((kind) => !isOfEngine(kind))
  .toSorted((a, b) => effortOf(a) - effortOf(b) || a.order - b.order);

/**
 * Removes what a dead session left, however much that is, and tells what stays. What the kernel keeps goes beside the networks: a guard
 * is not needed once its bridges are shut, and nobody is left to open one.
 */
export const clearSession = async (session: DeadSession, tools: LeftoverTools): Promise<Stay[]> => {
  const [ofEngine, first] = await Promise.all([clearEngine(session, tools), clearKernel(session, tools)]);
  // What stood because of a bridge, or was disturbed, may go now.
  const ofKernel = first.length === 0 ? [] : await clearKernel(session, tools);
  return [...ofEngine, ...ofKernel];
};

const clearKernel = async (session: DeadSession, tools: LeftoverTools): Promise<Stay[]> => {
  // Other tools: what was listed before is not what is there now.
  const fresh = { ...tools };
  const stays: Stay[] = [];
  for (const kind of kernelKinds) {
    // Who had no rights has none of these.
    if (tools.privileges === undefined && kind.needsRights !== false) continue;
    try {
      const outcomes = await removeMarks([kind], await marksOf(session, kind, fresh), fresh);
      stays.push(...outcomes.flatMap(stayOf));
    } catch (error) {
      stays.push({ what: `maybe ${kind.kind} in ${kind.name}`, why: reasonOf(error) });
    }
  }
  // Who was killed once his own chains were out left the one that all share, and no mark in it.
  if (tools.privileges !== undefined) await removeShared(kernelKinds, fresh);
  return stays;
};

/** By their known names where that is enough, and not by a listing, which others can keep from ending. */
const marksOf = async (session: DeadSession, kind: LeftoverKind, tools: LeftoverTools): Promise<Mark[]> =>
  kind.named?.(session) ??
  (await kind.list(tools)).filter(({ nonce, session: owner = session.session }) => {
    return nonce === session.nonce && owner === session.session;
  });

/** A thing that was not removed, and why. */
const stayOf = ({ mark: { kind, name }, failure }: Outcome): Stay[] =>
  failure === undefined ? [] : [{ what: `${kind} ${name}`, why: failure }];
