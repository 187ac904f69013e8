import { isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import { renderLabels, type Names } from '../ownership/names.ts';
import { removeContainer } from './containers.ts';
import type { Engine } from './engine.ts';
import { createHelper, describeHelperRefusal } from './helper-container.ts';

/** A container that runs on a network for the sake of its bridge alone. */
export interface BridgeKeeper {
  /** Gone when it resolves. What fails can be tried again. */
  remove(): Promise<void>;
}

/** Waits for the end of its input, which is that of this process, and needs next to nothing meanwhile. */
const waiting = { path: '/bin/cat' };

/**
 * Starts a container on a network whose bridge is there only while one runs on it. The bridge is on the host when it resolves; with this
 * process it goes, as far as no container of the user's holds it.
 *
 * @throws LHF_ERR_NETWORK, LHF_ERR_DOCKER_UNAVAILABLE; nothing of it is left then.
 */
export const keepBridge = async (
  { docker, facts }: Engine,
  { names, session, image }: { readonly names: Names; readonly session: string; readonly image?: string | undefined },
): Promise<BridgeKeeper> => {
  try {
    const keeper = await createHelper(docker, {
      name: names.keeper,
      labels: renderLabels(names.bridge, session),
      program: waiting,
      network: names.network,
      image,
    });
    keeper.keepAlive(false);
    try {
      await keeper.start();
      return keeper;
    } catch (error) {
      await keeper.remove().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    // Its creation may have been answered to nobody, and one that never ran holds the network as well.
    await removeContainer(docker, names.keeper).catch(() => undefined);
    // An engine that answers no more says nothing of bridges.
    if (isLocalhostForwardError(error) && error.code === 'LHF_ERR_DOCKER_UNAVAILABLE') throw error;
    const { what, try: advice = 'localhost-forward doctor' } = describeHelperRefusal(error) ?? { what: String(error) };
    throw new LocalhostForwardError(
      'LHF_ERR_NETWORK',
      {
        what: `${facts.name} has a network's bridge only while a container runs on it, and ours on ${names.network} does not: ${what}`,
        try: advice,
      },
      { cause: error },
    );
  }
};
