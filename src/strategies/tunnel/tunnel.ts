import type { Strategy } from '../strategy.ts';
import { openTunnelRoute } from './route.ts';
import { unseenRoute } from './unseen-route.ts';

/**
 * For engines elsewhere: an sshd in a container on the network listens there, and each connection comes back to this process through the
 * engine's own API. No port of any host is opened.
 */
export const tunnel: Strategy = {
  name: 'tunnel',
  needsPrivilege: false,
  carries: ['tcp'],
  confines: true,
  leftovers: [],
  obstacle: () => undefined,
  doubt: ({ engine }) =>
    engine.remote || engine.elsewhere === true
      ? undefined
      : { what: 'for engines elsewhere, and this one is not', advice: "strategy: 'tunnel'" },
  describe: ({ engine }) =>
    `an sshd in a container carries the bytes to this process through the API at ${engine.endpoint}; services see 127.0.0.1 as their caller`,
  open: openTunnelRoute,
  attach: unseenRoute,
};
