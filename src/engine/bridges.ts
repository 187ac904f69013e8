import { LocalhostForwardError } from '../errors.ts';
import { interfaceExists } from '../host/kernel.ts';
import { idOfBridge } from '../ownership/names.ts';
import type { Engine } from './engine.ts';
import { listNetworks } from './networks.ts';

/**
 * Why the engine's bridges are in another network namespace than this process: it has some, and none of them is an interface here.
 * Undefined also where nothing tells: an engine may have none, or only while containers run on them.
 */
export const areBridgesElsewhere = async (
  engine: Pick<Engine, 'docker' | 'facts'>,
): Promise<{ what: string; advice: string } | undefined> => {
  if (engine.facts.bridgeStands !== 'always') return undefined;
  const bridges = (await listNetworks(engine.docker)).flatMap(({ bridge }) =>
    bridge === '' || isOurs(bridge) ? [] : [bridge],
  );
  const [bridge] = bridges;
  if (bridge === undefined || bridges.some(interfaceExists)) return undefined;
  return { what: describeElsewhere(engine, bridge), advice: adviceElsewhere };
};

// It may be coming or going.
const isOurs = (bridge: string): boolean => idOfBridge(bridge) !== undefined;

/** The error for a bridge that the engine has made and that is not here. */
export const bridgeElsewhere = (engine: Pick<Engine, 'facts'>, bridge: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_NO_STRATEGY', { what: describeElsewhere(engine, bridge), try: adviceElsewhere });

const describeElsewhere = ({ facts }: Pick<Engine, 'facts'>, bridge: string): string =>
  `This process and the engine at ${facts.endpoint} are in different network namespaces: the engine made ${bridge}, and there is no such interface here`;

const adviceElsewhere =
  'sudo nsenter --net --target "$(pidof dockerd)" …, or docker run --network host … for the container this runs in';
