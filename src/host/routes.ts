import { readFile } from 'node:fs/promises';
import { BlockList, isIPv4 } from 'node:net';
import { now } from '../clock.ts';
import { run } from '../command/run.ts';
import { bytesOfWords } from './words.ts';

/** How old a listing may be that an opening goes by, in milliseconds: it takes a program, and VPNs come up seldom. */
const goodForMs = 30_000;
/** How old it may be before another one is made, beside the opening that goes by it. */
const freshForMs = 10_000;

interface Listing {
  readonly at: number;
  /** Undefined where there is no `ip`, or it failed. */
  readonly routes: Promise<string[] | undefined>;
}
let recent: Listing | undefined;

/** The CIDRs that this host's IPv4 routes cover, in whichever table, the default route left out. */
export const readRoutes = async (): Promise<string[]> => {
  const [main, others] = await Promise.all([readMainTable(), listOtherTables()]);
  return [...new Set([...main, ...others])];
};

const listOtherTables = async (): Promise<string[]> => {
  const last = recent;
  const age = last === undefined ? Infinity : now() - last.at;
  const latest = last === undefined || age > freshForMs ? { at: now(), routes: readOtherTables() } : last;
  recent = latest;
  const routes = await (last === undefined || age > goodForMs ? latest : last).routes;
  // Nobody goes by a failure for long.
  if (routes === undefined && recent === latest) recent = undefined;
  return routes ?? [];
};

// Anew each time: what a network of ours took a moment ago is in this one.
const readMainTable = async (): Promise<string[]> =>
  (await readMainRoutes()).filter(({ bits }) => bits > 0).map(({ address, bits }) => `${address}/${bits}`);

const readMainRoutes = async (): Promise<{ dev: string; address: string; bits: number }[]> => {
  const table = await readFile('/proc/net/route', 'utf8').catch(() => '');
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((fields) => fields.length >= 8)
    .map(([dev = '', address = '', ...rest]) => ({
      dev,
      address: readAddress(address),
      bits: readAddressBits(rest[5] ?? ''),
    }));
};

/** Tells whether an IPv4 address is one of the networks of forwards, this process's and others'. */
export const readForwardNetworks = async (): Promise<(address: string) => boolean> => {
  const networks = new BlockList();
  for (const { dev, address, bits } of await readMainRoutes())
    if (dev.startsWith('lhf-')) networks.addSubnet(address, bits);
  return (address) => isIPv4(address) && networks.check(address);
};

/** Only those tables matter that a rule leads to: most hosts have none. */
const readOtherTables = async (): Promise<string[] | undefined> => {
  if (process.platform !== 'linux') return [];
  const rules = await run(['ip', '-4', 'rule', 'list']);
  if (rules.exitCode !== 0) return undefined;
  if (parseRules(rules.stdout).length === 0) return [];
  const tables = await run(['ip', '-4', '-o', 'route', 'show', 'table', 'all']);
  return tables.exitCode === 0 ? parseRoutes(tables.stdout) : undefined;
};

/** A rule that leads to a table of somebody's own. */
export interface PolicyRule {
  readonly preference: number;
  readonly table: string;
  /** As it is listed, without its preference: `from all lookup 52`. */
  readonly text: string;
}

/** Those rules in what `ip rule list` prints that lead elsewhere than to the kernel's own tables. */
export const parseRules = (listing: string): PolicyRule[] =>
  listing.split('\n').flatMap((line) => {
    const [, preference, text = ''] = /^(\d+):\s+(.*?)\s*$/.exec(line) ?? [];
    const table = /\blookup (\S+)/.exec(text)?.[1];
    // A rule may also end the matter itself.
    const what = table ?? /\b(unreachable|blackhole|prohibit)\b/.exec(text)?.[1];
    return preference === undefined || what === undefined || ['local', 'main', 'default'].includes(what)
      ? []
      : [{ preference: Number(preference), table: what, text }];
  });

/** The CIDRs in what `ip -o route show table all` prints; what is this host's own, and what sends on to the next table, takes nothing. */
export const parseRoutes = (listing: string): string[] =>
  listing.split('\n').flatMap((line) => {
    const [, kind, address] =
      /^(?:(unreachable|blackhole|prohibit|unicast) )?(\d+(?:\.\d+){3}(?:\/\d+)?) /.exec(`${line} `) ?? [];
    if (address === undefined) return [];
    return kind === undefined && / table (?:local|main)\b/.test(line)
      ? []
      : [address.includes('/') ? address : `${address}/32`];
  });

/** Where this host sends packets to an address: undefined where nothing tells, `dev` undefined where it sends them nowhere. */
export interface Way {
  readonly dev: string | undefined;
  /** Its table, where that is not the main one, or why there is no way. */
  readonly by: string;
}

/** What a packet is told by where this host decides on its way. */
export interface Packet {
  readonly to: string;
  /** Its sender, where that is an address of this host. */
  readonly from?: string | undefined;
  /** What firewalls and proxies mark packets with. */
  readonly mark?: string | undefined;
}

export const readWay = async ({ to, from, mark }: Packet): Promise<Way | undefined> => {
  const selectors = [...(from === undefined ? [] : ['from', from]), ...(mark === undefined ? [] : ['mark', mark])];
  const { stdout, stderr, exitCode } = await run(['ip', '-4', '-o', 'route', 'get', to, ...selectors]);
  if (exitCode === undefined) return undefined;
  const told = /RTNETLINK answers: (.*)/.exec(stderr)?.[1];
  if (exitCode !== 0) return told === undefined ? undefined : { dev: undefined, by: told };
  return { dev: / dev (\S+)/.exec(stdout)?.[1], by: / table (\S+)/.exec(stdout)?.[1] ?? 'main' };
};

/** The rules of this host that lead elsewhere than to the kernel's own tables. */
export const readRules = async (): Promise<PolicyRule[]> =>
  parseRules((await run(['ip', '-4', 'rule', 'list'])).stdout);

/** The first rule for a packet that leads to a table of somebody's own with a route for it, or that ends the matter itself. */
export const findRuleFor = async (packet: Packet): Promise<PolicyRule | undefined> => {
  for (const rule of await readRules()) {
    if (!isRuleFor(rule, packet)) continue;
    if (/^(?:unreachable|blackhole|prohibit)$/.test(rule.table)) return rule;
    const { stdout } = await run(['ip', '-4', '-o', 'route', 'show', 'table', rule.table, 'match', packet.to]);
    if (/^(?!throw)\S/m.test(stdout)) return rule;
  }
  return undefined;
};

/** The mark that a rule wants. */
export const markOf = ({ text }: PolicyRule): string | undefined => /^(?!not ).*\bfwmark (0x[\da-f]+)/.exec(text)?.[1];

/** Whether a rule is for a packet that this host itself sends. Pure. */
export const isRuleFor = ({ text }: PolicyRule, { to, from, mark = '0' }: Packet): boolean => {
  const told = (name: string): string | undefined => new RegExp(`\\b${name} (\\S+)`).exec(text)?.[1];
  const covers = (prefix: string | undefined, address: string | undefined): boolean =>
    prefix === undefined || prefix === 'all' || (address !== undefined && isWithin(prefix, address));
  const [wanted, mask = '0xffffffff'] = told('fwmark')?.split('/') ?? [];
  const has =
    covers(told('from'), from) &&
    covers(told('to'), to) &&
    (wanted === undefined || (BigInt(mark) & BigInt(mask)) === BigInt(wanted)) &&
    ['lo', undefined].includes(told('iif')) &&
    !/\b(?:oif|ipproto|sport|dport|tos|dsfield) /.test(text);
  return has !== text.startsWith('not ');
};

const isWithin = (prefix: string, address: string): boolean => {
  const [network = '', bits = '32'] = prefix.split('/');
  const within = new BlockList();
  within.addSubnet(network, Number(bits));
  return within.check(address);
};

const readAddress = (hex: string): string => bytesOfWords(hex).join('.');
const readAddressBits = (hex: string): number =>
  BigInt(`0x${hex || '0'}`)
    .toString(2)
    .replaceAll('0', '').length;
