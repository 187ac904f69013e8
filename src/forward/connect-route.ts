import { debug } from '../command/debug.ts';
import { removeNetwork } from '../engine/networks.ts';
import type { Names } from '../ownership/names.ts';
import { createThrowawayNetwork } from '../network/create.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { strategyNamed } from '../strategies/all.ts';
import type { Network, PortMapping, Route, Tools } from '../strategies/strategy.ts';
import type { Strategy as StrategyName } from '../types.ts';
import type { OpenPort } from './ports.ts';
import { tellProgress } from './progress.ts';

export interface RouteOrder {
  readonly names: Names;
  readonly openPorts: ReadonlyMap<string, OpenPort>;
  readonly options: ResolvedOptions;
  readonly strategy: StrategyName;
}

/** A network of our own with a way to the host's loopback. */
export interface ConnectedRoute {
  readonly network: Network;
  readonly route: Route;
  /** What the host's name stands for on this network. */
  readonly address: string;
  /** Takes everything back. What fails can be tried again by calling it again. */
  close(): Promise<void>;
}

/**
 * Network and route at once: a route names the bridge and need not wait for it. With netfilter its guard is in before any network of ours
 * exists, which also tells the guardian that one may be under way.
 */
export const connectRoute = async (order: RouteOrder, tools: Tools): Promise<ConnectedRoute> => {
  const sent = Promise.withResolvers<void>();
  const opening = openRoute(order, sent.resolve, tools);
  // In this order: the route's request is with its holder before the engine's is on its way, whenever this process dies.
  await Promise.race([sent.promise, opening.catch(() => undefined)]);
  const [opened, created] = await Promise.allSettled([opening, createNetwork(order, tools)]);
  const removeIt = (): Promise<void> => removeNetworkOf(valueOf(created), tools);
  const close = (): Promise<void> => {
    const route = valueOf(opened);
    return route === undefined ? removeIt() : route.close(removeIt);
  };
  try {
    const [route, network] = [unwrap(opened), unwrap(created)];
    const { address } = await route.connect(network);
    return { network, route, address, close };
  } catch (error) {
    await close().catch((failure: unknown) => debug(`undoing ${order.names.network}: ${String(failure)}`));
    throw error;
  }
};

const openRoute = async (
  { names, openPorts, strategy }: RouteOrder,
  onSent: () => void,
  tools: Tools,
): Promise<Route> => {
  const startedAt = performance.now();
  const chosen = strategyNamed(strategy);
  if (chosen === undefined) throw new Error(`there is no strategy ${strategy}`);
  const ports = [...openPorts.values()].map(({ mapping }) => mapping);
  const route = await chosen.open({ names, ports, onSent }, tools);
  tellProgress('rules', startedAt, () => ports.map(describe).join(', '));
  return route;
};

const createNetwork = async ({ names, options }: RouteOrder, { session, engine }: Tools): Promise<Network> => {
  const startedAt = performance.now();
  const { subnet, subnetPool, labels } = options;
  const network = await createThrowawayNetwork(
    { names, session: session.word, subnet: subnet?.cidr, subnetPool, labels },
    engine,
  );
  tellProgress('network', startedAt, () => `${network.name} ${network.subnet}`);
  return network;
};

const removeNetworkOf = async (network: Network | undefined, { engine }: Tools): Promise<void> => {
  if (network === undefined) return;
  const { disconnected } = await removeNetwork(engine.docker, network.id);
  if (disconnected.length === 0) return;
  process.emitWarning(`still attached to ${network.name}, disconnected: ${disconnected.join(', ')}`, {
    type: 'LocalhostForwardWarning',
    code: 'LHF_WARN_ATTACHED',
  });
};

const describe = ({ protocol, containerPort, targetPort }: PortMapping): string =>
  `${protocol}/${containerPort} → 127.0.0.1:${targetPort}`;

const valueOf = <T>(result: PromiseSettledResult<T>): T | undefined =>
  result.status === 'fulfilled' ? result.value : undefined;

const unwrap = <T>(result: PromiseSettledResult<T>): T => {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
};
