import { isWhole } from '../support/whole.ts';
import type { LocalhostForwardOptions, Privilege, Protocol, Strategy } from '../../src/index.ts';

/** What a strategy claims: all that its tests may differ by. */
export interface Claims {
  readonly name: Strategy;
  readonly privilege: Privilege;
  readonly carries: readonly Protocol[];
  /** What a caller is told where the service does not listen: a listener of our own can accept and reset only. */
  readonly refusesAbsent: 'ECONNREFUSED' | 'ECONNRESET';
  /** What somebody of another network is told. */
  readonly refusesStrangers: RegExp;
  /** Services see the container's own address, and not 127.0.0.1. */
  readonly keepsCallerAddress: boolean;
  /** `host-gateway`, the address that the engine itself has for the host, works as well as the network's own gateway. */
  readonly answersHostGateway: boolean;
  /** The bridge's `route_localnet` is on while a forward is open, with a holder that turns it off whatever happens. */
  readonly opensBridge: boolean;
  /** It listens on the network's gateway itself: nothing else of this host may listen on that port of all addresses. */
  readonly takesPorts: boolean;
  /** What its rules leave behind: nothing at all, or base chains that any first user of iptables makes. */
  readonly leavesRuleset: 'byte for byte' | 'nothing of ours';
  /** Containers reach the forwarded ports and no others, and those of other networks none of them. */
  readonly confines: boolean;
  /** Hits: of packets with their headers on their way in, or of what was said in both directions; or nothing of ours sees what is carried. */
  readonly counts: 'packets' | 'payload' | 'nothing';
  /** How a connection ends that was established when its port was cut. */
  readonly cutsWith: RegExp;
  /** What a dropped port does not give: a connection, or an answer on one that a listener of ours has accepted. */
  readonly drops: 'connections' | 'answers';
  /** Who delays answers: nobody, a thread of ours, or the kernel where it has netem. */
  readonly delays: 'itself' | 'netem' | 'nobody';
  /** Who waits for an answer of a dropped port gets it when that is restored; else a reset. */
  readonly resumes: boolean;
  /** Connections that a cut port refuses are seen, and not only by the kernel. */
  readonly countsRefused: boolean;
  /** A worker that was handed the forward can count and prove as well. */
  readonly isSeenElsewhere: boolean;
  /** What an unnamed connection of a container comes to when its network is gone. */
  readonly closesWith: 'ECONNRESET' | 'TIMEOUT' | 'END';
  /** A connection that is cut is told from one that was ended: ssh has no word for that. */
  readonly tellsResets: boolean;
  /** The same of a caller's reset at its service, which a network in user mode passes on as an end. Default: as above. */
  readonly tellsCallersResets?: boolean;
  /** What containers dial is the bridge's own address, and not another one of the network. */
  readonly standsAtGateway: boolean;
}

const netfilter = {
  carries: ['tcp', 'udp'],
  refusesAbsent: 'ECONNREFUSED',
  refusesStrangers: /^(ECONNREFUSED|TIMEOUT)$/,
  keepsCallerAddress: true,
  answersHostGateway: true,
  opensBridge: true,
  takesPorts: false,
  counts: 'packets',
  confines: true,
  cutsWith: /^ECONNRESET$/,
  drops: 'connections',
  delays: 'netem',
  resumes: true,
  countsRefused: true,
  isSeenElsewhere: true,
  closesWith: 'TIMEOUT',
  tellsResets: true,
  standsAtGateway: true,
} as const;
const nftables = { ...netfilter, name: 'nftables', leavesRuleset: 'byte for byte' } as const;
const iptables = { ...netfilter, name: 'iptables', leavesRuleset: 'nothing of ours' } as const;

/** By a thread of this process. */
const carried = {
  privilege: 'none',
  carries: ['tcp', 'udp'],
  refusesAbsent: 'ECONNRESET',
  keepsCallerAddress: false,
  answersHostGateway: false,
  opensBridge: false,
  leavesRuleset: 'byte for byte',
  counts: 'payload',
  confines: true,
  cutsWith: /^ECONNRESET$/,
  drops: 'answers',
  delays: 'itself',
  resumes: true,
  countsRefused: false,
  isSeenElsewhere: true,
  closesWith: 'ECONNRESET',
  tellsResets: true,
} as const;

const all: readonly Claims[] = [
  { ...nftables, privilege: 'root' },
  { ...nftables, privilege: 'sudo' },
  { ...iptables, privilege: 'root' },
  { ...iptables, privilege: 'sudo' },
  { ...nftables, privilege: 'container' },
  { ...iptables, privilege: 'container' },
  {
    ...carried,
    name: 'relay',
    refusesStrangers: /^ECONNRESET$/,
    takesPorts: true,
    standsAtGateway: true,
  },
  {
    ...carried,
    name: 'sidecar',
    // Engines keep their networks apart, or it does so itself.
    refusesStrangers: /^(ECONNREFUSED|TIMEOUT|ECONNRESET)$/,
    takesPorts: false,
    standsAtGateway: false,
  },
  {
    name: 'tunnel',
    privilege: 'none',
    carries: ['tcp'],
    refusesAbsent: 'ECONNRESET',
    // Engines keep their networks apart, or it does so itself.
    refusesStrangers: /^(ECONNREFUSED|TIMEOUT|ECONNRESET)$/,
    keepsCallerAddress: false,
    answersHostGateway: false,
    opensBridge: false,
    takesPorts: false,
    leavesRuleset: 'nothing of ours',
    counts: 'payload',
    confines: true,
    cutsWith: /^(END|ECONNRESET)$/,
    drops: 'answers',
    delays: 'nobody',
    resumes: false,
    countsRefused: false,
    isSeenElsewhere: false,
    closesWith: 'END',
    tellsResets: false,
    standsAtGateway: false,
  },
  // Of an engine that leads there by itself: files of what only ours can do, such as cuts and counts, are not run with it.
  {
    ...carried,
    name: 'native',
    carries: ['tcp'],
    refusesAbsent: 'ECONNREFUSED',
    refusesStrangers: /^$/,
    answersHostGateway: true,
    takesPorts: false,
    counts: 'nothing',
    confines: false,
    drops: 'connections',
    delays: 'nobody',
    isSeenElsewhere: false,
    tellsCallersResets: false,
    standsAtGateway: false,
  },
];

const only = process.env['LHF_TEST_STRATEGY']?.split(',');

const onlyBy = process.env['LHF_TEST_PRIVILEGE']?.split(',');

// The tunnel's image takes a while to be made, and another engine is shown by a test of its own. Engines that lead to the loopback by
// themselves are others than this machine's.
const isAskedFor = ({ name }: Claims): boolean =>
  (name !== 'tunnel' && name !== 'native') ||
  (name === 'tunnel' && process.env['LHF_TEST_ALL'] === '1') ||
  only?.includes(name) === true;

/** Whether the engine is an ordinary user's, who runs the tests as well: its bridges are not here, and nobody may enter its namespaces. */
export const isRootless = process.getuid?.() !== 0;

// sudo and containers are the same executors under both of netfilter's strategies: one of them shows it, and LHF_TEST_ALL=1 both.
const isShown = ({ name, privilege }: Claims): boolean =>
  process.env['LHF_TEST_ALL'] === '1' || !(name === 'iptables' && privilege !== 'root');

/**
 * Each strategy with each privilege that it works with; `LHF_TEST_STRATEGY=nftables,relay` leaves the others out, and
 * `LHF_TEST_PRIVILEGE=container` the other privileges. That a container is enough for a user who has nothing else is shown where such a
 * user opens: in test/crash.
 */
export const strategies = all.filter(
  (claims) =>
    (only?.includes(claims.name) ?? true) &&
    (onlyBy?.includes(claims.privilege) ?? true) &&
    isShown(claims) &&
    isAskedFor(claims),
);

const isByItself = ({ privilege }: Claims): boolean =>
  privilege === 'root' || privilege === 'none' || onlyBy !== undefined;

/** Those that differ in how bytes travel: by which rights rules were put in makes no difference to that. */
export const byWay: readonly Claims[] = strategies.filter(
  (claims) => isByItself(claims) || process.env['LHF_TEST_ALL'] === '1',
);

/** Each strategy, and in a whole run each by all rights: what an executor of rules does is shown by how a forward closes. */
export const byRights: readonly Claims[] = isWhole ? strategies : byWay;

/** The options that choose it, with no proof: what is reached is the tests' own business. */
export const optionsOf = ({ name, privilege }: Claims) =>
  ({ strategy: name, privilege, verify: false }) satisfies LocalhostForwardOptions;
