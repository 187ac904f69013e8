import { heldBridgesOf } from '../held-bridges.ts';
import type { Route, RoutePlan, Tools } from '../strategy.ts';
import type { BridgeRules } from './bridge-rules.ts';
import { NetfilterRoute } from './route.ts';

/** A route by rules that `put` puts in. A failure leaves nothing. @throws LHF_ERR_RULES */
export const openNetfilterRoute = async (
  plan: RoutePlan,
  tools: Tools,
  put: () => Promise<BridgeRules>,
): Promise<Route> => {
  // Rules that a container holds have no guardian of their own: it could not reach the engine.
  if (tools.privileges.handle.kind !== 'container') return new NetfilterRoute(plan, await put(), tools);
  const held = heldBridgesOf(tools);
  const forget = (): Promise<void> => held.forget(plan.names.bridge);
  const noted = held.note(plan.names.bridge);
  try {
    const rules = await put();
    await noted;
    return new NetfilterRoute(plan, rules, tools, forget);
  } catch (error) {
    await forget();
    throw error;
  }
};
