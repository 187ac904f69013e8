import { describeHelperRefusal } from '../engine/helper-container.ts';
import { messageOf, removeNetwork } from '../engine/networks.ts';
import { isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import { createThrowawayNetwork, letGo, planSubnet, type NetworkPlan } from '../network/create.ts';
import type { Network } from '../network/network.ts';
import { namesOf, renderLabels, type Names } from '../ownership/names.ts';
import { nextId } from '../ownership/session.ts';
import { ProbeContainer } from '../proof/probe-container.ts';
import { noteBridge } from '../strategies/held-bridges.ts';
import type { Tools } from '../strategies/strategy.ts';
import { readRouteLocalnet } from '../strategies/unguarded.ts';

/**
 * Has the engine make a network as an opening does, start a probe on it, and removes both: no fact tells whether it can, as after somebody
 * flushed the chains that it puts its rules in, or where its image is not there. Killed meanwhile, this process leaves them to a guardian.
 *
 * @throws LHF_ERR_NETWORK, LHF_ERR_DOCKER_UNAVAILABLE, LHF_ERR_UNREACHABLE
 */
export const tryNetwork = async (
  { subnet, subnetPool, image }: Pick<NetworkPlan, 'subnet' | 'subnetPool' | 'image'>,
  tools: Tools,
): Promise<{ readonly isBridgeOpen: boolean }> => {
  const { session, engine } = tools;
  const names = namesOf(nextId(session));
  const plan = { names, session: session.word, subnet, subnetPool, labels: {}, isInternal: false, image };
  const planned = await planSubnet(plan);
  const forget = await noteBridge({ names, onSent: () => undefined }, tools);
  const network = await createThrowawayNetwork(planned, plan, engine).catch(async (error: unknown) => {
    await forget();
    throw error;
  });
  const outcome = await tryProbe(names, network, image, tools).catch((error: unknown) => asUnprovable(error));
  // What cannot be removed stays noted: the guardian tries it again when this process has ended.
  await network.keeper?.remove();
  await removeNetwork(engine.docker, network);
  letGo(network);
  await forget();
  if (outcome instanceof Error) throw outcome;
  return { isBridgeOpen: outcome };
};

/** Resolves to whether the bridge leads to 127/8, though nobody of ours opened it. */
const tryProbe = async (
  names: Names,
  { name, probeAddress }: Network,
  image: string | undefined,
  { session, engine }: Tools,
): Promise<boolean> => {
  const probe = new ProbeContainer(engine.docker, names.probe('doctor'), () => undefined);
  const labels = renderLabels(names.bridge, session.word);
  try {
    await probe.start({ labels, image, network: name, address: probeAddress, extraHosts: [] });
    // Some bridges stand only while a container is on them.
    return (await readRouteLocalnet(names.bridge)) === true;
  } finally {
    await probe.remove();
  }
};

const asUnprovable = (error: unknown): LocalhostForwardError => {
  if (isLocalhostForwardError(error)) return error;
  const { what, try: advice = 'DEBUG=localhost-forward* localhost-forward smoke' } = describeHelperRefusal(error) ?? {
    what: messageOf(error),
  };
  const sentence = `The engine starts no container that would prove a forward: ${what}`;
  return new LocalhostForwardError('LHF_ERR_UNREACHABLE', { what: sentence, try: advice }, { cause: error });
};
