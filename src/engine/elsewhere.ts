import type Docker from 'dockerode';
import { LocalhostForwardError } from '../errors.ts';
import { interfaceExists } from '../host/kernel.ts';
import type { EngineFacts } from './facts.ts';

/**
 * Whether an engine that seems to be this host's own has its bridges where this process does not see them: it was started in a network
 * namespace of its own, or this process was (`unshare --net`, `ip netns exec`). What bridges stand only while they are used tells nothing.
 */
export const isElsewhere = async (
  docker: Docker,
  { remote, vm, rootless, bridgeStands }: EngineFacts,
  isHere = interfaceExists,
): Promise<boolean> => {
  if (process.platform !== 'linux' || remote || vm !== undefined || rootless || bridgeStands !== 'always') return false;
  const bridge = await readDefaultBridge(docker);
  return bridge !== undefined && isHere('lo') && !isHere(bridge);
};

/** The bridge of the engine's own first network, which is there for as long as the engine is; undefined where it has none. */
const readDefaultBridge = (docker: Docker): Promise<string | undefined> =>
  docker
    .getNetwork('bridge')
    .inspect()
    .then(
      ({ Options }) => Options?.['com.docker.network.bridge.name'],
      () => undefined,
    );

/** The error for a bridge that the engine has made and that is not here after all. */
export const bridgeElsewhere = ({ facts }: { readonly facts: EngineFacts }, bridge: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_NO_STRATEGY', {
    what: `This process and the engine at ${facts.endpoint} are in different network namespaces: the engine made ${bridge}, and there is no such interface here`,
    try: "strategy: 'sidecar'",
  });
