import { isContainerOver } from '../engine/own-container.ts';
import { judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession } from '../ownership/owner.ts';
import type { LeftoverTools } from '../strategies/leftover-kind.ts';

/**
 * Judges as the host does, and by what the engine tells of containers: an owner that ran in one of this engine's which is over, a job's
 * for example, is dead, though its pid namespace went with it.
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
  const over = new Set<string>();
  await Promise.all(
    [...new Set(unseen)].map(async (id) => {
      if (engine !== undefined && (await isContainerOver(engine.docker, id))) over.add(id);
    }),
  );
  return (owner, view) => {
    const judgement = judgeOwner(owner, view);
    const isOver = owner.container !== undefined && owner.engine === engine?.owner?.engine && over.has(owner.container);
    return judgement.state === 'elsewhere' && isOver ? { state: 'dead' } : judgement;
  };
};
