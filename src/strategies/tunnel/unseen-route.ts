import { LocalhostForwardError } from '../../errors.ts';
import { blindWatch } from '../packets.ts';
import type { PortMapping, RouteView } from '../strategy.ts';

/** Only the process that carries the bytes can tell of them. */
export const unseenRoute = (): RouteView => {
  const refuse = async (): Promise<never> => {
    throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
      what: 'The strategy tunnel counts in the process that opened the forward, and this is another one',
      try: 'ask the forward in the process that opened it',
    });
  };
  return {
    isRelay: true,
    isOfHost: false,
    hits: refuse,
    proofs: refuse,
    inspect: refuse,
    landingOf,
    watchPackets: async () => blindWatch,
  };
};

export const landingOf = ({ targetPort }: PortMapping): ReturnType<RouteView['landingOf']> => ({
  address: '127.0.0.1',
  port: targetPort,
});
