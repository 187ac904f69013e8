import type { Protocol } from '../../../types.ts';
import { keyOf } from '../../strategy.ts';
import { plainRulesIn } from '../rule-lines.ts';
import { baseChain, sharedChain, type WayIn } from './rules.ts';

/** One rule of a bridge's chain, as far as we write them. */
export interface ListedRule {
  readonly protocol: Protocol;
  readonly containerPort: number;
  /** The address that it is for alone: that of our probes. */
  readonly from: string | undefined;
  /** The port of 127.0.0.1 that it leads to; undefined where it only counts. */
  readonly targetPort: number | undefined;
  readonly packets: number;
  readonly bytes: number;
}

/** A bridge's chain. */
export interface ListedChain {
  /** Rules that are for a port, in order. */
  readonly rules: readonly ListedRule[];
  /** How many rules there are of any kind. */
  readonly length: number;
}

/** A bridge's chain in what `iptables -v -S <chain>` prints. */
export const parseChain = (listing: string): ListedChain => ({
  rules: parseRules(listing),
  length: listing.match(/^-A /gm)?.length ?? 0,
});

/** The rules of a bridge's chain in what `iptables -v -S <chain>` prints, in order. */
export const parseRules = (listing: string): ListedRule[] =>
  listing.split('\n').flatMap((line) => {
    const [, protocol, containerPort] = /^-A .*-p (tcp|udp) .*--dport (\d+)(?: |$)/.exec(line) ?? [];
    if (containerPort === undefined || (protocol !== 'tcp' && protocol !== 'udp')) return [];
    const [, packets, bytes] = /-c (\d+) (\d+)/.exec(line) ?? [];
    const targetPort = / -j DNAT --to-destination 127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
    return [
      {
        protocol,
        containerPort: Number(containerPort),
        from: / -s ([\d.]+)\/32 /.exec(line)?.[1],
        targetPort: targetPort === undefined ? undefined : Number(targetPort),
        packets: Number(packets ?? 0),
        bytes: Number(bytes ?? 0),
      },
    ];
  });

/** Rules that hold for everybody, by port: those for our probes alone are left out. */
export const byPort = (rules: readonly ListedRule[]): ReadonlyMap<string, ListedRule> =>
  new Map(rules.flatMap((rule) => (rule.from === undefined ? [[keyOf(rule), rule] as const] : [])));

/** Rules for our probes, by port. */
export const byProbedPort = (rules: readonly ListedRule[]): ReadonlyMap<string, ListedRule> =>
  new Map(rules.flatMap((rule) => (rule.from === undefined ? [] : [[keyOf(rule), rule] as const])));

/** The way to a process's chain in what `iptables -S` prints of the base chain and of the shared one, the latter where it is there. */
export const parseWayIn = (base: string, shared: string | undefined, nonce: string): WayIn => {
  const inBase = rulesOf(base, baseChain);
  const inShared = rulesOf(shared ?? '', sharedChain);
  const ways = inShared.filter((rule) => rule.endsWith(` -j LHF-${nonce}`));
  return {
    isShared: shared !== undefined,
    // The two were listed one after the other: a door to a chain that is not there went with it in between.
    doors: shared === undefined ? [] : inBase.filter((rule) => rule.endsWith(` -j ${sharedChain}`)),
    ways,
    isOthersToo: inShared.length > ways.length,
    detours: inBase.filter((rule) => rule.includes(` -j LHF-lhf-${nonce}`)),
  };
};

/** Bridges that a process's chain leads on, in what `iptables -S` prints of it. */
export const parseJumps = (listing: string): string[] =>
  listing.split('\n').flatMap((line) => /^-A .* -j LHF-(lhf-[0-9a-z]{8})$/.exec(line)?.[1] ?? []);

/** Whether a process's chain, as `iptables -S` prints it, drops what is written to 127/8 and what poses as it. */
export const guards = (listing: string): boolean =>
  ['-d', '-s'].every((end) => new RegExp(String.raw`^-A \S+ ${end} 127\.0\.0\.0/8 -j DROP$`, 'm').test(listing));

const rulesOf = (listing: string, chain: string): string[] =>
  plainRulesIn(listing).flatMap((line) => (line.startsWith(`-A ${chain} `) ? [line.slice(`-A ${chain} `.length)] : []));
