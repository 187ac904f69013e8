import { strategyNames, type Strategy as StrategyName } from '../types.ts';
import { iptables } from './netfilter/iptables/iptables.ts';
import { native } from './native/native.ts';
import { nftables } from './netfilter/nftables/nftables.ts';
import { relay } from './relay/relay.ts';
import { sidecar } from './sidecar/sidecar.ts';
import type { Strategy } from './strategy.ts';
import { tunnel } from './tunnel/tunnel.ts';

const byName: Readonly<Record<StrategyName, Strategy>> = { nftables, iptables, relay, sidecar, tunnel, native };

export const strategyNamed = (name: StrategyName): Strategy => byName[name];

/** All strategies, the best first. */
export const strategies: readonly Strategy[] = strategyNames.map(strategyNamed);
