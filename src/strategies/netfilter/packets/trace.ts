import { readFile } from 'node:fs/promises';
import { delay } from '../../../clock.ts';
import type { Watch } from '../../../command/watch.ts';
import type { Names } from '../../../ownership/names.ts';
import type { Privileges } from '../../../privilege/privileges.ts';
import type { Place, Untracking } from '../../packets.ts';

/** How often it is looked whether nft listens, and how many looks it is given: two seconds. */
const lookEveryMs = 10;
const looks = 200;

/** Follows the kernel's trace of marked packets. Resolves once nft listens: a packet that passed before would be in no trace. */
export const openTrace = async (privileges: Privileges): Promise<Watch> => {
  const before = await countListeners();
  const watch = await privileges.watch(['nft', 'monitor', 'trace']);
  for (let look = 0; look < looks && (await countListeners()) <= before; look += 1) await delay(lookEveryMs);
  return watch;
};

/** NETLINK_NETFILTER, and the bit of its group NFNLGRP_NFTRACE, as <linux/netlink.h> and <linux/netfilter/nfnetlink.h> number them. */
const netfilter = 12;
const traceGroup = 0x100;

const countListeners = async (): Promise<number> => {
  const table = await readFile('/proc/net/netlink', 'utf8').catch(() => '');
  return parseListeners(table);
};

/** How many sockets listen to traces, in the text of /proc/net/netlink. */
export const parseListeners = (table: string): number =>
  table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, protocol, , groups]) => Number(protocol) === netfilter && (parseInt(groups ?? '0', 16) & traceGroup) !== 0,
    ).length;

/**
 * What `nft monitor trace` printed of packets that came from a bridge or went to it. Whoever follows packets is told of everybody's: two
 * diagnoses at once read each other's. Each packet's interfaces are told at the first rule of a base chain that it meets, and what follows
 * with its id is of it: an id is made of where the packet is in memory, so that one that is over gives it to the next. In tables of bridges the
 * interfaces are the bridge's ports: a packet that our own table there has marked is this bridge's.
 */
export const traceOfBridge = (trace: string, { bridge, hopsTable }: Pick<Names, 'bridge' | 'hopsTable'>): string => {
  const ours = new Set<string>();
  return trace
    .split('\n')
    .filter((line) => {
      const [, id, family, table] = /^trace id (\S+) (\S+) (\S+) /.exec(line) ?? [];
      if (id === undefined) return false;
      if (line.includes(' packet: ')) {
        const isOurs =
          family === 'bridge' && table?.startsWith('lhf_hops_') !== true
            ? ours.has(id)
            : table === hopsTable || [' iif', ' oif'].some((side) => line.includes(`${side} "${bridge}" `));
        if (isOurs) ours.add(id);
        else ours.delete(id);
      }
      return ours.has(id);
    })
    .join('\n');
};

/** The drops in what `nft monitor trace` printed. */
export const parseDrops = (trace: string): Place[] =>
  placesOf(trace, (what) =>
    what.startsWith('policy drop') ? 'policy drop' : (/^rule (.*) \(verdict drop\)/.exec(what)?.[1] ?? rejectOf(what)),
  );

/** The rules that gave a packet to a program, which decides on it: where there is none, that is the end of it. */
export const parseQueued = (trace: string): Place[] =>
  placesOf(trace, (what) => /^rule (.*) \(verdict queue\)/.exec(what)?.[1]);

/** The rules that translated a packet in what `nft monitor trace` printed, or gave it to a proxy. */
export const parseTranslators = (trace: string): Place[] =>
  placesOf(trace, (what) =>
    takes.test(what) ? /^rule (.*) \(verdict (?:accept|continue)\)/.exec(what)?.[1] : undefined,
  );

/** Those of them that are not ours. */
export const parseTaken = (trace: string, own: { readonly table: string; readonly chain: string }): Place[] =>
  parseTranslators(trace).filter(({ table, chain }) => table !== own.table && chain !== own.chain);

/** The rules that left a packet out of connection tracking. */
export const parseUntracked = (trace: string): Untracking[] => {
  const sides = [false, true].map((isOfReplies) => {
    const ids = new Set(
      Array.from(trace.matchAll(/^trace id (\S+) .* packet: (iif|oif) /gm)).flatMap(([, id = '', side]) =>
        (side === 'oif') === isOfReplies ? [id] : [],
      ),
    );
    const lines = trace.split('\n').filter((line) => ids.has(line.split(' ')[2] ?? ''));
    return placesOf(lines.join('\n'), (what) => /^rule (.*\bnotrack\b.*) \(verdict/i.exec(what)?.[1]).map((place) => ({
      ...place,
      isOfReplies,
    }));
  });
  return sides.flat();
};

// As statements of nft's own, those that write into packets among them, and as iptables' targets that this nft has no words for.
const takes =
  / (?:ip daddr set |(?:tcp|udp|th) dport set |dnat (?:ip6? )?(?:addr \. port )?(?:prefix )?to |redirect (?:to |\()|tproxy (?:ip6? )?to |xt target "?(?:DNAT|REDIRECT|TPROXY|NETMAP)\b)/;

/** Each line is `trace id <id> <family> <table> <chain> <what>`; a packet is followed by its id. */
const placesOf = (trace: string, ruleOf: (what: string) => string | undefined): Place[] => {
  const entered = new Map<string, string>();
  const places = new Map<string, Place>();
  for (const line of trace.split('\n')) {
    const [, id, family, table, chain, what] = /^trace id (\S+) (\S+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
    if (id === undefined || family === undefined || table === undefined || chain === undefined || what === undefined)
      continue;
    const packet = `${id} ${family} ${table}`;
    const base = /^(PREROUTING|INPUT|OUTPUT|POSTROUTING|FORWARD)$/.test(chain) ? chain : (entered.get(packet) ?? chain);
    // A chain that was jumped to is told by the verdict of the rule before, so the first one of a run is the base chain.
    entered.set(packet, /verdict (?:jump|goto)/.test(what) || what.startsWith('rule') ? base : chain);
    if (/policy accept|verdict accept/.test(what)) entered.delete(packet);
    const text = ruleOf(what);
    if (text === undefined) continue;
    const rule = text
      .replace(/counter packets \d+ bytes \d+ ?/, '')
      .replaceAll(/\s+/g, ' ')
      .trim();
    const place = { family, table, chain, rule, baseChain: base };
    places.set(JSON.stringify(place), place);
  }
  return [...places.values()];
};

// A reject ends the packet too, though the kernel traces it as a rule that continues or stops without a verdict's name.
const rejectOf = (what: string): string | undefined => /^rule (.*\breject\b.*) \(verdict \w+\)/.exec(what)?.[1];
