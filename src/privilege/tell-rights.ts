import { createRights, planRights, type RightsEngine } from './rights-container.ts';

/** Who hears of what this process does itself. */
type Say = (step: { readonly by: 'process'; readonly call: string; readonly lines: readonly string[] }) => void;

/**
 * Tells how the container is started by which the kernel is changed: by the calls that start it, to a client that does nothing. Resolves to
 * what tells its end.
 */
export const tellRights = async (
  { docker, owner }: RightsEngine,
  say: Say,
): Promise<{ readonly end: () => Promise<void> }> => {
  const plan = planRights(owner);
  const line = `@${plan.line}`;
  say({ by: 'process', call: 'bind', lines: [line] });
  const attached = await createRights(docker, plan);
  await attached.start();
  return {
    end: async () => {
      await attached.remove();
      say({ by: 'process', call: 'close', lines: [line] });
    },
  };
};
