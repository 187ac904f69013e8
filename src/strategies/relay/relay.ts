import { obstacleToBridges } from '../obstacle-to-bridges.ts';
import type { Strategy } from '../strategy.ts';
import { openRelayRoute, unseenRoute } from './route.ts';

/** Our process listens on the network's own gateway and carries bytes to the host's loopback: it takes no rights at all. */
export const relay: Strategy = {
  name: 'relay',
  needsPrivilege: false,
  carries: ['tcp'],
  confines: true,
  leftovers: [],
  obstacle: obstacleToBridges,
  describe: () => 'this process carries the bytes itself, without any rights; services see 127.0.0.1 as their caller',
  open: openRelayRoute,
  attach: unseenRoute,
};
