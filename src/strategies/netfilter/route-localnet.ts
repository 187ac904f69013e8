import { debug } from '../../command/debug.ts';
import { LocalhostForwardError } from '../../errors.ts';
import { interfaceExists, readSysctl } from '../../host/kernel.ts';
import { allowContainer } from '../../privilege/advice.ts';
import type { Privileges } from '../../privilege/privileges.ts';

const keyOf = (bridge: string): string => `net/ipv4/conf/${bridge}/route_localnet`;

/** Whether the bridge routes to 127/8; undefined where the bridge is gone. */
export const readRouteLocalnet = async (bridge: string): Promise<boolean | undefined> => {
  const text = await readSysctl(keyOf(bridge));
  return text === undefined ? undefined : text === '1';
};

/**
 * With `isHermetic` the bridge also takes no IPv6 from then on: its link-local address leads to all that listens on ::. That stays as long
 * as the bridge does, whoever dies.
 *
 * @throws LHF_ERR_RULES
 */
export const openRouteLocalnet = async (
  bridge: string,
  privileges: Privileges,
  { isHermetic }: { isHermetic: boolean },
): Promise<void> => {
  const ipv6 = `net/ipv6/conf/${bridge}/disable_ipv6`;
  const alone = isHermetic && (await readSysctl(ipv6)) !== undefined ? [ipv6] : [];
  // This one first: where it fails, nothing has been opened.
  const failure = await privileges.setSysctls([...alone, keyOf(bridge)], '1');
  if (failure === undefined) return;
  const isReadOnly = /EROFS|read-only file system/i.test(failure);
  throw new LocalhostForwardError('LHF_ERR_RULES', {
    what: `route_localnet of ${bridge} could not be turned on: ${failure}`,
    try: isReadOnly ? allowContainer : 'localhost-forward doctor',
  });
};

/** Turns it off, and tells whether it is: a bridge that is gone is closed. */
export const closeRouteLocalnet = async (bridge: string, privileges: Privileges): Promise<boolean> => {
  if ((await readRouteLocalnet(bridge)) !== true) return true;
  const failure = await privileges.setSysctls([keyOf(bridge)], '0');
  if (failure !== undefined) debug(`route_localnet of ${bridge} stays on until the bridge is gone: ${failure}`);
  return failure === undefined || !interfaceExists(bridge);
};
