import { callersOf, gatewayOf, probeAddressOf, usualCallersOf } from '../../network/subnet.ts';
import type { PortRule, ProbeRule } from './tables/rules.ts';

/** What rules know of a network of ours: who may call, and who among them is a probe. */
export const probeOn = (subnet: string, trials: readonly PortRule[]): ProbeRule => ({
  address: probeAddressOf(subnet),
  callers: callersOf(subnet),
  usual: usualCallersOf(subnet),
  subnet,
  gateway: gatewayOf(subnet),
  trials,
});
