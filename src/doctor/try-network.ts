import { removeNetwork } from '../engine/networks.ts';
import { createThrowawayNetwork, planSubnet, type NetworkPlan } from '../network/create.ts';
import { namesOf } from '../ownership/names.ts';
import { nextId } from '../ownership/session.ts';
import { noteBridge } from '../strategies/held-bridges.ts';
import type { Tools } from '../strategies/strategy.ts';

/**
 * Has the engine make a network as an opening does, and removes it: no fact tells whether it can, as after somebody flushed the chains that
 * it puts its rules in. Killed meanwhile, this process leaves it to a guardian.
 *
 * @throws LHF_ERR_NETWORK, LHF_ERR_DOCKER_UNAVAILABLE
 */
export const tryNetwork = async (
  { subnet, subnetPool, image }: Pick<NetworkPlan, 'subnet' | 'subnetPool' | 'image'>,
  tools: Tools,
): Promise<void> => {
  const { session, engine } = tools;
  const names = namesOf(nextId(session));
  const plan = { names, session: session.word, subnet, subnetPool, labels: {}, isInternal: false, image };
  const planned = await planSubnet(plan);
  const forget = await noteBridge({ names, onSent: () => undefined }, tools);
  const network = await createThrowawayNetwork(planned, plan, engine).catch(async (error: unknown) => {
    await forget();
    throw error;
  });
  // What cannot be removed stays noted: the guardian tries it again when this process has ended.
  await network.keeper?.remove();
  await removeNetwork(engine.docker, network);
  await forget();
};
