import { debug } from '../../command/debug.ts';
import { LocalhostForwardError } from '../../errors.ts';
import { allowContainer } from '../../privilege/advice.ts';
import type { Privileges } from '../../privilege/privileges.ts';
import type { Obstacle } from '../strategy.ts';
import type { Kernel } from '../told.ts';
import { readRouteLocalnet, routeLocalnetOf } from '../unguarded.ts';

/**
 * Turns it on where it is not on already, and refuses source routes wherever it is. With `isHermetic` the bridge also takes no IPv6 from
 * then on: its link-local address leads to all that listens on ::. That stays as long as the bridge does, whoever dies.
 *
 * @throws LHF_ERR_RULES
 */
export const openBridge = async (
  bridge: string,
  privileges: Privileges,
  { isOpen, isHermetic, kernel }: { isOpen: boolean; isHermetic: boolean; kernel: Kernel },
): Promise<void> => {
  const ipv6 = `net/ipv6/conf/${bridge}/disable_ipv6`;
  const alone = isHermetic && (await kernel.readSysctl(ipv6)) !== undefined ? [ipv6] : [];
  // This one first: where it fails, nothing has been opened.
  const on = [...alone, ...(isOpen ? [] : [routeLocalnetOf(bridge)])];
  const failure =
    (await refuseSourceRoutes(bridge, privileges, kernel)) ??
    (on.length === 0 ? undefined : await privileges.setSysctls(on, '1'));
  if (failure === undefined) return;
  const { what, advice } = describeRefusal(bridge, failure);
  throw new LocalhostForwardError('LHF_ERR_RULES', { what, try: advice });
};

/** A source route leads past the guard's first half. The kernel takes them where the parameter of all interfaces and the bridge's own say so. */
const refuseSourceRoutes = async (
  bridge: string,
  privileges: Privileges,
  kernel: Kernel,
): Promise<string | undefined> => {
  const keys = ['all', bridge].map((name) => `net/ipv4/conf/${name}/accept_source_route`);
  const values = await Promise.all(keys.map((key) => kernel.readSysctl(key)));
  const [, own = ''] = keys;
  return values.every((value) => value === '1') ? privileges.setSysctls([own], '0') : undefined;
};

/** Why no bridge's could be turned on: a parameter of all that are to come is opened as theirs would be, and nothing is written to it. */
export const rehearseRouteLocalnet = async (privileges: Privileges): Promise<Obstacle | undefined> => {
  const failure = await privileges.setSysctls([routeLocalnetOf('default')], '');
  return failure === undefined ? undefined : describeRefusal('a bridge', failure);
};

const describeRefusal = (bridge: string, failure: string): Required<Obstacle> => ({
  what: `route_localnet of ${bridge} could not be turned on: ${failure}`,
  advice: /EROFS|read-only file system/i.test(failure) ? allowContainer : 'localhost-forward doctor',
});

/** Turns it off, and tells whether it is: a bridge that is gone is closed. */
export const closeRouteLocalnet = async (bridge: string, privileges: Privileges, kernel: Kernel): Promise<boolean> => {
  if ((await readRouteLocalnet(bridge, kernel)) !== true) return true;
  const failure = (await privileges.setSysctls([routeLocalnetOf(bridge)], '0')) ?? (await stillOn(bridge, kernel));
  if (failure !== undefined) debug(`route_localnet of ${bridge} stays on until the bridge is gone: ${failure}`);
  return failure === undefined || !kernel.interfaceExists(bridge);
};

/** Why it is on all the same. */
const stillOn = async (bridge: string, kernel: Kernel): Promise<string | undefined> =>
  (await readRouteLocalnet(bridge, kernel)) === true ? 'that of all interfaces is on' : undefined;
