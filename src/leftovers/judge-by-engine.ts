import { readRun, type ContainerRun } from '../engine/own-container.ts';
import { judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession, type Owner } from '../ownership/owner.ts';
import { readPlace, unknownBoot } from '../ownership/place.ts';
import { readProc } from '../ownership/proc.ts';
import { isOwnProc, readProcess } from '../ownership/start-time.ts';
import type { LeftoverTools } from '../strategies/leftover-kind.ts';

/**
 * Judges as the host does, and by what the engine tells of containers: an owner that ran in one of this engine's which is over, a job's
 * for example, is dead, though its pid namespace went with it. So is one of an earlier run, where its container has been started again.
 */
export const judgeByEngine = async (
  sessions: readonly (string | undefined)[],
  { engine }: Pick<LeftoverTools, 'engine'>,
): Promise<typeof judgeOwner> => {
  const unseen = sessions.flatMap((session) => {
    const owner = parseSession(session ?? '');
    if (owner?.container === undefined || owner.engine !== engine?.owner?.engine) return [];
    return judgeOwner(owner).state === 'elsewhere' ? [owner.container] : [];
  });
  const runs = new Map<string, ContainerRun>();
  await Promise.all(
    [...new Set(unseen)].map(async (id) => {
      if (engine !== undefined) runs.set(id, await readRun(engine.docker, id));
    }),
  );
  return (owner, view) => {
    const judgement = judgeOwner(owner, view);
    const { container = '' } = owner;
    const run = owner.engine === engine?.owner?.engine ? runs.get(container) : undefined;
    if (judgement.state !== 'elsewhere' || run === undefined) return judgement;
    return run.isOver || isOfEarlierRun(owner, container, run) ? { state: 'dead' } : judgement;
  };
};

/** By start times since the boot, which no clock moves; whoever does not see the container's first process knows nothing of it. */
const isOfEarlierRun = ({ boot, startTime }: Owner, container: string, { pid }: ContainerRun): boolean => {
  if (pid <= 0 || startTime === 0 || boot === unknownBoot || boot !== readPlace().boot || !isOwnProc()) return false;
  // An engine in a pid namespace of its own counts others: the process has to be the container's.
  if (readProc(`/proc/${pid}/cgroup`)?.includes(container) !== true) return false;
  const begun = readProcess(pid)?.startTime;
  return begun !== undefined && begun > startTime + 1;
};
