import { now } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { doubt } from '../engine/doubtful.ts';
import { removeNetwork } from '../engine/networks.ts';
import { warnAttached } from '../engine/warn-attached.ts';
import { labels as marks, renderPort, type Names } from '../ownership/names.ts';
import { createThrowawayNetwork, letGo, planSubnet, type NetworkPlan } from '../network/create.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { strategyNamed } from '../strategies/all.ts';
import type { Network, PortMapping, Route, Tools } from '../strategies/strategy.ts';
import { kernelOf } from '../strategies/told.ts';
import { readRouteLocalnet, tellOpenBridge } from '../strategies/unguarded.ts';
import type { Strategy as StrategyName } from '../types.ts';
import type { OpenPort } from './ports.ts';
import { tellProgress } from './progress.ts';

export interface RouteOrder {
  readonly names: Names;
  readonly openPorts: ReadonlyMap<string, OpenPort>;
  readonly options: ResolvedOptions;
  readonly strategy: StrategyName;
  /** Whether a probe's packets will tell which firewall is in the way: else it is passed as far as its policies tell. */
  readonly isProven: boolean;
}

/** A network of our own with a way to the host's loopback. */
export interface ConnectedRoute {
  readonly network: Network;
  readonly route: Route;
  /** What the host's name stands for on this network. */
  readonly address: string;
  /** Firewalls that were passed, a sentence each. */
  readonly accepts: readonly string[];
  /** What else there is to tell of why this strategy works, a sentence each. */
  readonly remarks: readonly string[];
  /** Takes everything back. What fails can be tried again by calling it again. */
  close(): Promise<void>;
}

/**
 * Network and route at once: a route names the bridge and need not wait for it. With netfilter its guard is in before any network of ours
 * exists, which also tells the guardian that one may be under way. All that the route needs is told it at once, so that nothing but
 * `route_localnet` is left to do when the engine has made the network.
 */
export const connectRoute = async (order: RouteOrder, tools: Tools): Promise<ConnectedRoute> => {
  const subnet = await planSubnet(networkPlanOf(order, tools));
  const sent = Promise.withResolvers<void>();
  const opening = openRoute(order, subnet, sent.resolve, tools);
  // In this order: the route's request is with its holder before the engine's is on its way, whenever this process dies.
  await Promise.race([sent.promise, opening.catch(() => undefined)]);
  const passing = opening.then((route) => passFirewalls(order, route));
  const [opened, passed, created] = await Promise.allSettled([opening, passing, createNetwork(order, subnet, tools)]);
  const removeIt = (): Promise<void> => removeNetworkOf(valueOf(created), tools);
  const close = async (): Promise<void> => {
    const route = valueOf(opened);
    await (route === undefined ? removeIt() : route.close(removeIt));
    const network = valueOf(created);
    if (network !== undefined) letGo(network);
  };
  try {
    const [route, network, accepts] = [unwrap(opened), unwrap(created), unwrap(passed)];
    const { address } = await route.connect(network);
    // Some bridges stand only now.
    const remarks = await remarkOn(order, network, tools);
    return { network, route, address, accepts, remarks, close };
  } catch (error) {
    await close().catch((failure: unknown) => debug(`undoing ${order.names.network}: ${String(failure)}`));
    throw error;
  }
};

const openRoute = async (
  { names, openPorts, strategy, options }: RouteOrder,
  subnet: string,
  onSent: () => void,
  tools: Tools,
): Promise<Route> => {
  const startedAt = now();
  const ports = [...openPorts.values()].map(({ mapping }) => mapping);
  const trials = [...openPorts.values()].flatMap((port) => port.trial()?.mapping ?? []);
  const route = await strategyNamed(strategy).open(
    { names, ports, subnet, trials, hostnames: options.hostnames, isHermetic: options.hermetic, onSent },
    tools,
  );
  tellProgress('rules', startedAt, () => ports.map(describe).join(', '));
  return route;
};

/** Beside the engine's work: to ask for policies takes a program. */
const passFirewalls = async ({ isProven, options }: RouteOrder, { firewall }: Route): Promise<readonly string[]> =>
  isProven || options.firewall === 'leave' ? [] : ((await firewall?.passPolicies()) ?? []);

const remarkOn = async ({ strategy }: RouteOrder, { bridge }: Network, tools: Tools): Promise<readonly string[]> =>
  (await readRouteLocalnet(bridge, kernelOf(tools))) === true ? tellOpenBridge(strategyNamed(strategy)) : [];

const networkPlanOf = ({ names, options, openPorts }: RouteOrder, { session }: Tools): NetworkPlan => {
  const { subnet, subnetPool, hermetic } = options;
  const ports = [...openPorts.values()].map(({ mapping }) => renderPort(mapping)).join(' ');
  return {
    names,
    session: session.word,
    subnet: subnet?.cidr,
    subnetPool,
    labels: { ...options.labels, [marks.ports]: ports },
    isInternal: hermetic,
    image: options.proof.image,
  };
};

const createNetwork = async (order: RouteOrder, subnet: string, tools: Tools): Promise<Network> => {
  const startedAt = now();
  const network = await createThrowawayNetwork(subnet, networkPlanOf(order, tools), tools.engine);
  tellProgress('network', startedAt, () => `${network.name} ${network.subnet}`);
  return network;
};

const removeNetworkOf = async (network: Network | undefined, { engine }: Tools): Promise<void> => {
  if (network === undefined) return;
  await network.keeper?.remove();
  const { disconnected } = await removeNetwork(engine.docker, network).catch((error: unknown) => {
    // The next opening tries again: a sweep spares what a living process has.
    doubt(engine.docker, { kind: 'network', name: network.name });
    throw error;
  });
  warnAttached(network.name, disconnected, 'its forward was closed');
};

const describe = ({ protocol, containerPort, targetPort }: PortMapping): string =>
  `${protocol}/${containerPort} → 127.0.0.1:${targetPort}`;

const valueOf = <T>(result: PromiseSettledResult<T>): T | undefined =>
  result.status === 'fulfilled' ? result.value : undefined;

const unwrap = <T>(result: PromiseSettledResult<T>): T => {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
};
