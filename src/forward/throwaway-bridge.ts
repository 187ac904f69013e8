import { debug } from '../command/debug.ts';
import { removeContainer } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { createNetwork, removeNetwork, SubnetTaken } from '../engine/networks.ts';
import { LocalhostForwardError } from '../errors.ts';
import { interfaceExists, readRouteLocalnet, readRoutes, writeRouteLocalnet } from '../host/kernel.ts';
import { labels, type Names } from '../ownership/names.ts';
import { chooseSubnet, gatewayOf } from '../network/subnet.ts';
import { tellProgress } from './progress.ts';
import type { Privileges } from '../privilege/privileges.ts';
import type { InstalledRules, RulesStrategy, Translation } from '../strategies/strategy.ts';

export interface BridgePlan {
  readonly names: Names;
  readonly session: string;
  readonly translations: readonly Translation[];
  /** Fixed by the user, or undefined: a free /28 of the pool. */
  readonly subnet: string | undefined;
  readonly subnetPool: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A network of our own with rules on its bridge. */
export interface ThrowawayBridge {
  readonly networkId: string;
  readonly subnet: string;
  readonly gateway: string;
  readonly rules: InstalledRules;
  /** Takes everything back. What fails can be tried again by calling it again. */
  close(): Promise<void>;
}

/**
 * Network and rules at once: rules name the bridge and need not wait for it. The guard is in before any network of ours exists,
 * which also tells the guardian that one may be under way. `route_localnet`, which opens the bridge to 127/8, comes last.
 */
export const openThrowawayBridge = async (
  plan: BridgePlan,
  engine: Engine,
  strategy: RulesStrategy,
  privileges: Privileges,
): Promise<ThrowawayBridge> => {
  const { names } = plan;
  // In this order: the rules' request is with their holder before the engine's is on its way, whenever this process dies.
  const [rules, network] = await Promise.allSettled([
    installRules(plan, strategy),
    createNetworkSomewhere(plan, engine),
  ]);
  const parts: Parts = {
    plan,
    engine,
    privileges,
    network: valueOf(network),
    rules: valueOf(rules),
    keepsRouteLocalnet: false,
  };
  try {
    const { id, subnet, gateway } = unwrap(network);
    const installed = unwrap(rules);
    if (!interfaceExists(names.bridge)) throw engineElsewhere(engine, names);
    // Engines without userland proxy set it on every bridge themselves: then it is theirs, and stays.
    parts.keepsRouteLocalnet = (await readRouteLocalnet(names.bridge)) === true;
    if (!parts.keepsRouteLocalnet) await openRouteLocalnet(names.bridge, privileges);
    return { networkId: id, subnet, gateway, rules: installed, close: () => close(parts) };
  } catch (error) {
    await close(parts).catch((failure: unknown) => debug(`undoing ${names.network}: ${String(failure)}`));
    throw error;
  }
};

interface Parts {
  readonly plan: BridgePlan;
  readonly engine: Engine;
  readonly privileges: Privileges;
  readonly network: { id: string } | undefined;
  readonly rules: InstalledRules | undefined;
  keepsRouteLocalnet: boolean;
}

const close = async ({ plan, engine, privileges, network, rules, keepsRouteLocalnet }: Parts): Promise<void> => {
  const { bridge, network: name } = plan.names;
  const removal = async (): Promise<void> => {
    if (network === undefined) return;
    const { disconnected } = await removeNetwork(engine.docker, network.id);
    if (disconnected.length > 0) {
      process.emitWarning(`still attached to ${name}, disconnected: ${disconnected.join(', ')}`, {
        type: 'LocalhostForwardWarning',
        code: 'LHF_WARN_ATTACHED',
      });
    }
  };
  // While route_localnet is on, the guard has to stand; once it is off, rules and network can go at the same time.
  const [isShut] = await Promise.all([
    keepsRouteLocalnet ? false : shutRouteLocalnet(bridge, privileges),
    // A worker that was killed while it proved this forward has left its container.
    removeContainer(engine.docker, plan.names.probe('0')).catch((error: unknown) =>
      debug(`removing the probe of ${name}: ${String(error)}`),
    ),
  ]);
  const results = isShut
    ? await Promise.allSettled([rules?.release(), removal()])
    : [...(await Promise.allSettled([removal()])), ...(await Promise.allSettled([rules?.release()]))];
  const errors = results.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '));
};

const shutRouteLocalnet = async (bridge: string, privileges: Privileges): Promise<boolean> => {
  if ((await readRouteLocalnet(bridge)) !== true) return true;
  const failure = await writeRouteLocalnet(bridge, false, privileges);
  if (failure !== undefined) debug(`route_localnet of ${bridge} stays on until the bridge is gone: ${failure}`);
  return failure === undefined || !interfaceExists(bridge);
};

const openRouteLocalnet = async (bridge: string, privileges: Privileges): Promise<void> => {
  const failure = await writeRouteLocalnet(bridge, true, privileges);
  if (failure === undefined) return;
  const what = `route_localnet of ${bridge} could not be turned on: ${failure}`;
  throw new LocalhostForwardError('LHF_ERR_RULES', {
    what,
    try: `sudo sysctl -w net.ipv4.conf.${bridge}.route_localnet=1`,
  });
};

const installRules = async (
  { names, session, translations }: BridgePlan,
  strategy: RulesStrategy,
): Promise<InstalledRules> => {
  const startedAt = performance.now();
  const rules = await strategy.install({ names, session, ports: translations });
  tellProgress('rules', startedAt, () =>
    translations.map((port) => `${port.protocol}/${port.containerPort} → 127.0.0.1:${port.targetPort}`).join(', '),
  );
  return rules;
};

/** How often a subnet that somebody else took a moment before is replaced by another. */
const subnetAttempts = 10;

const createNetworkSomewhere = async (
  plan: BridgePlan,
  engine: Engine,
): Promise<{ id: string; subnet: string; gateway: string }> => {
  const startedAt = performance.now();
  const taken: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const subnet =
      plan.subnet ??
      chooseSubnet({ pool: plan.subnetPool, taken: [...taken, ...(await readRoutes())], random: Math.random });
    if (subnet === undefined) {
      throw new LocalhostForwardError('LHF_ERR_NETWORK', {
        what: `No free /28 is left in ${plan.subnetPool}`,
        try: 'localhost-forward sweep',
      });
    }
    try {
      const gateway = gatewayOf(subnet);
      const { names, session } = plan;
      const marks = {
        [labels.session]: session,
        [labels.owner]: String(process.pid),
        [labels.created]: new Date().toISOString(),
        [labels.bridge]: names.bridge,
      };
      const id = await createNetwork(engine, {
        name: names.network,
        bridge: names.bridge,
        subnet,
        gateway,
        labels: { ...plan.labels, ...marks },
      });
      tellProgress('network', startedAt, () => `${names.network} ${subnet}`);
      return { id, subnet, gateway };
    } catch (error) {
      if (!(error instanceof SubnetTaken)) throw error;
      if (plan.subnet !== undefined || attempt === subnetAttempts) {
        throw new LocalhostForwardError(
          'LHF_ERR_NETWORK',
          { what: `The subnet ${subnet} is taken: ${error.message}`, try: 'docker network ls' },
          { cause: error },
        );
      }
      taken.push(subnet);
    }
  }
};

const engineElsewhere = ({ facts }: Engine, names: Names): LocalhostForwardError => {
  const what = `The engine at ${facts.endpoint} made ${names.bridge} in another network namespace: it does not run on this host, or not in this container's`;
  return new LocalhostForwardError('LHF_ERR_NO_STRATEGY', {
    what,
    evidence: [`this host has no interface ${names.bridge}`],
    try: 'docker context ls',
  });
};

const valueOf = <T>(result: PromiseSettledResult<T>): T | undefined =>
  result.status === 'fulfilled' ? result.value : undefined;

const unwrap = <T>(result: PromiseSettledResult<T>): T => {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
};
