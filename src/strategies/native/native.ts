import type { Strategy } from '../strategy.ts';
import { openNativeRoute, unseenRoute } from './route.ts';

/**
 * The engine itself leads its containers to the loopback of the machine that it is used from, as those in virtual machines do. Nothing is
 * installed; a network is made, the way is proven.
 */
export const native: Strategy = {
  name: 'native',
  needsPrivilege: false,
  carries: ['tcp'],
  confines: false,
  leftovers: [],
  obstacle: ({ engine }) => {
    if (engine.remote) return { what: `the engine at ${engine.endpoint} is on another host` };
    if (engine.vm !== undefined || engine.rootless) return undefined;
    return { what: 'this engine runs on the host itself, where no name of its own leads to 127.0.0.1' };
  },
  // Rootless networks can be told to lead to the host's loopback, and no answer of the engine's says whether they were.
  doubt: ({ engine }) =>
    engine.reachesLoopbackBy === undefined
      ? {
          what: 'a rootless engine does not say whether its host-gateway leads to 127.0.0.1',
          advice: "strategy: 'native'",
        }
      : undefined,
  describe: ({ engine }) =>
    `${engine.vm ?? 'the engine'} itself leads containers to all of 127.0.0.1, not to the named ports alone; nothing is counted`,
  open: openNativeRoute,
  attach: unseenRoute,
};
