import type { Strategy } from '../strategy.ts';
import { openRelayRoute } from './route.ts';
import { noView } from './view.ts';

/** Our process listens on the network's own gateway and carries bytes to the host's loopback: it takes no rights at all. */
export const relay: Strategy = {
  name: 'relay',
  needsPrivilege: false,
  obstacle: ({ engine }) => {
    if (engine.vm !== undefined) return { what: `${engine.vm} runs its bridges in a virtual machine` };
    if (engine.remote) return { what: `the engine at ${engine.endpoint} is on another host` };
    if (engine.rootless) return { what: 'a rootless engine has its bridges in a network namespace of its own' };
    return undefined;
  },
  describe: () => 'this process itself carries the bytes; it takes no rights, TCP only, and services see 127.0.0.1 as their caller',
  open: openRelayRoute,
  attach: noView,
  leftovers: [],
};
