import type { StrategyReason } from '../types.ts';
export interface HostFacts { platform: NodeJS.Platform; uid: number; sudo: boolean; kernel: string; nft: { version: string } | undefined; iptables: { version: string; variant: 'nf_tables' | 'legacy' | 'unknown' } | undefined; netAdmin: boolean }
export interface EngineFacts { name: string; version: string; rootless: boolean; remote: boolean; vm: string | undefined; firewallBackend: string | undefined; endpoint: string }
export interface Choice { strategy: 'nftables' | 'iptables'; privilege: 'root' | 'sudo'; reasons: readonly StrategyReason[] }
export const chooseStrategy = (_facts: { host: HostFacts; engine: EngineFacts }, options: { strategy: string; privilege: string }): Choice => ({ strategy: options.strategy === 'iptables' ? 'iptables' : 'nftables', privilege: 'root', reasons: [] });
