import type { Strategy } from './strategy.ts';
import { thisKernel } from './told.ts';

/** The parameter by which an interface's packets may come to 127/8. */
export const routeLocalnetOf = (bridge: string): string => `net/ipv4/conf/${bridge}/route_localnet`;

/**
 * Whether the bridge routes to 127/8, by its own parameter or by that of all interfaces, which Kubernetes turns on; undefined where the
 * bridge is gone.
 */
export const readRouteLocalnet = async (bridge: string, kernel = thisKernel): Promise<boolean | undefined> => {
  const [text, all] = await Promise.all([bridge, 'all'].map((name) => kernel.readSysctl(routeLocalnetOf(name))));
  return text === undefined ? undefined : text === '1' || all === '1';
};

/**
 * What is told of a strategy where somebody else opens its bridge to 127/8: nothing where it guards that, as all do that change the kernel,
 * or says of itself that it confines nobody. Pure.
 */
export const tellOpenBridge = ({ confines, needsPrivilege }: Pick<Strategy, 'confines' | 'needsPrivilege'>): string[] =>
  confines && !needsPrivilege ? [openBridge] : [];

const openBridge =
  'route_localnet of its bridge is on by the engine or this host, and it puts no guard there: a container with NET_ADMIN or NET_RAW reaches all of 127.0.0.1';
