import { debug } from '../command/debug.ts';
import { keepBridge } from '../engine/bridge-keeper.ts';
import { createNetwork, removeNetwork, SubnetTaken } from '../engine/networks.ts';
import type { Engine } from '../engine/engine.ts';
import { LocalhostForwardError } from '../errors.ts';
import { readRoutes } from '../host/routes.ts';
import { renderLabels, type Names } from '../ownership/names.ts';
import type { Network } from './network.ts';
import { bitsOfOne, chooseSubnet, defaultPool, gatewayOf, probeAddressOf, rangeIn } from './subnet.ts';

export interface NetworkPlan {
  readonly names: Names;
  /** The owner's session word. */
  readonly session: string;
  /** Fixed by the user, or undefined: a free /27 of the pool. */
  readonly subnet: string | undefined;
  readonly subnetPool: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the engine itself shall lead nothing out of it, and ask no name server for it. */
  readonly isInternal: boolean;
  /** An image for containers of ours. Default: one of nothing, with the host's own programs. */
  readonly image?: string | undefined;
}

/** How often a subnet that somebody else took a moment before is replaced by another. */
const subnetAttempts = 10;

/** Subnets of this process's networks until they are closed: of one that somebody else removed a relay still has the gateway's address. */
const held = new Set<string>();

/** The subnet may be another network's from now on. */
export const letGo = ({ subnet }: Pick<Network, 'subnet'>): void => void held.delete(subnet);

/**
 * A subnet that is free here, as far as the host's routes tell: what is there may be told of it before it exists.
 *
 * @throws LHF_ERR_NETWORK where the pool is used up.
 */
export const planSubnet = async (
  { subnet, subnetPool }: Pick<NetworkPlan, 'subnet' | 'subnetPool'>,
  taken: readonly string[] = [],
): Promise<string> => {
  const planned =
    subnet ??
    chooseSubnet({ pool: subnetPool, taken: [...held, ...taken, ...(await readRoutes())], random: Math.random });
  if (planned === undefined) throw poolEmpty(subnetPool);
  return planned;
};

/**
 * Creates a bridge network on the planned subnet, or on another one where the engine says that somebody has it.
 *
 * @throws LHF_ERR_NETWORK, LHF_ERR_DOCKER_UNAVAILABLE; nothing is left then.
 */
export const createThrowawayNetwork = async (planned: string, plan: NetworkPlan, engine: Engine): Promise<Network> => {
  const taken: string[] = [];
  let subnet = planned;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const network = await createOn(subnet, plan, engine);
      held.add(subnet);
      return network;
    } catch (error) {
      if (!(error instanceof SubnetTaken)) throw error;
      if (plan.subnet !== undefined || attempt === subnetAttempts) throw subnetTaken(subnet, error);
      taken.push(subnet);
      subnet = await planSubnet(plan, taken);
    }
  }
};

const createOn = async (subnet: string, { names, ...plan }: NetworkPlan, engine: Engine): Promise<Network> => {
  const gateway = gatewayOf(subnet);
  const id = await createNetwork(engine, {
    name: names.network,
    bridge: names.bridge,
    subnet,
    gateway,
    // All of a subnet that somebody chose is his.
    ...(plan.subnet === undefined && { range: rangeIn(subnet) }),
    isInternal: plan.isInternal,
    labels: { ...plan.labels, ...renderLabels(names.bridge, plan.session) },
  });
  const network = {
    id,
    name: names.network,
    bridge: names.bridge,
    subnet,
    gateway,
    probeAddress: probeAddressOf(subnet),
  };
  if (engine.facts.bridgeStands === 'always') return network;
  try {
    return { ...network, keeper: await keepBridge(engine, { ...plan, names }) };
  } catch (error) {
    await removeNetwork(engine.docker, { name: names.network, id }).catch((failure: unknown) =>
      debug(`removing ${names.network}: ${String(failure)}`),
    );
    throw error;
  }
};

const poolEmpty = (pool: string): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_NETWORK', {
    what: `No free /${bitsOfOne} is left in ${pool}: networks and routes of this host have it all`,
    try:
      pool === defaultPool
        ? 'LOCALHOST_FORWARD_SUBNET_POOL=<a /16 that this host has no route to>'
        : 'unset LOCALHOST_FORWARD_SUBNET_POOL',
  });

const subnetTaken = (subnet: string, cause: SubnetTaken): LocalhostForwardError =>
  new LocalhostForwardError(
    'LHF_ERR_NETWORK',
    { what: `The subnet ${subnet} is taken: ${cause.message}`, try: 'docker network ls' },
    { cause },
  );
