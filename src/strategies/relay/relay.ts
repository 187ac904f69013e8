import { heldBridgesOf } from '../carrier/held-bridges.ts';
import { relayThreadOf } from '../carrier/relay-thread.ts';
import { CarriedRoute, type Front } from '../carrier/route.ts';
import { unseenRoute } from '../carrier/unseen-route.ts';
import { obstacleToBridges } from '../obstacle-to-bridges.ts';
import type { Strategy } from '../strategy.ts';

/** A thread of ours listens on the network's own gateway and carries bytes to the host's loopback: it takes no rights at all. */
export const relay: Strategy = {
  name: 'relay',
  needsPrivilege: false,
  carries: ['tcp', 'udp'],
  leftovers: [],
  obstacle: obstacleToBridges,
  describe: () => 'this process carries the bytes itself, without any rights; services see 127.0.0.1 as their caller',
  /** Begins without a socket: there is nothing to listen on before the network is there. */
  open: async (plan, tools) => {
    const { names, onSent } = plan;
    const held = heldBridgesOf(tools);
    const noted = held.note(names.bridge);
    onSent();
    await noted;
    return new CarriedRoute(
      plan,
      onGateway(() => held.forget(names.bridge)),
      relayThreadOf(tools.session),
    );
  },
  attach: () => unseenRoute('relay'),
};

const onGateway = (forget: () => Promise<void>): Front => {
  let gateway = '';
  return {
    strategy: 'relay',
    isOpen: true,
    open: async (network) => {
      ({ gateway } = network);
      return { address: gateway, place: { address: gateway } };
    },
    landingOf: ({ containerPort }) => ({ address: gateway, port: containerPort }),
    close: async () => undefined,
    forget,
  };
};
