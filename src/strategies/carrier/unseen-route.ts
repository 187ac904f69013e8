import { LocalhostForwardError } from '../../errors.ts';
import type { Strategy as StrategyName } from '../../types.ts';
import { blindWatch } from '../packets.ts';
import type { RouteView } from '../strategy.ts';

/** Of a forward that another process opened: only the process that carries the bytes can tell of them. */
export const unseenRoute = (strategy: StrategyName): RouteView => {
  const refuse = async (): Promise<never> => {
    throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
      what: `The strategy ${strategy} counts in the process that opened the forward, and this is another one`,
      try: "strategy: 'nftables'",
    });
  };
  return {
    isRelay: true,
    hits: refuse,
    proofs: refuse,
    inspect: refuse,
    landingOf: () => undefined,
    watchPackets: async () => blindWatch,
  };
};
