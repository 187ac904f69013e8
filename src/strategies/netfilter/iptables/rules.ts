import { renderMark } from '../../../ownership/names.ts';
import type { PortRule, ProbeRule } from '../tables/rules.ts';

/*
 * Other people's packets meet one rule of ours in a table, whatever the number of processes and forwards:
 *
 *  PREROUTING ── -i lhf-+ ──▶ LHF ── -i lhf-<nonce>+ ──▶ LHF-<nonce> ── -i lhf-<id> ──▶ LHF-lhf-<id>
 *               shared by all processes                  one process                   one forward
 *
 *  nat   translates: a local address and a forwarded port? then 127.0.0.1:<target port>. Probes of ours first, who may be led elsewhere
 *  raw   where nft has no owned tables: LHF-<nonce> drops what is written to 127/8 or poses as it, LHF-lhf-<id> what comes to this host as
 *        one of another network, and counts what is left
 */
export type TableName = 'raw' | 'nat';

/** A process's mark and chain names. */
export interface ChainOwner {
  readonly nonce: string;
  readonly session: string;
}

/** What one bridge has in iptables. */
export interface ChainedBridge {
  readonly ports: readonly PortRule[];
  readonly probe: ProbeRule | undefined;
}

/** The bridges of one process. */
export type ChainedBridges = ReadonlyMap<string, ChainedBridge>;

/** One rule as iptables-restore reads it, without its verb and chain. */
interface ChainRule {
  readonly spec: string;
  /** Whether it stands before those that are there already. */
  readonly first?: true;
}

/** A table's chains of one process, each with its rules. */
type Chains = ReadonlyMap<string, readonly ChainRule[]>;

/** The chain that all processes share, and the base chain that leads to it. */
export const sharedChain = 'LHF';
export const baseChain = 'PREROUTING';

export const sessionChainOf = ({ nonce }: Pick<ChainOwner, 'nonce'>): string => `LHF-${nonce}`;
export const bridgeChainOf = (bridge: string): string => `LHF-${bridge}`;
/** The nonce in a bridge's name. */
export const nonceOf = (bridge: string): string => bridge.slice(4, 9);

/** The one rule that everybody's packets meet. */
const doorOf = (table: TableName): string =>
  `-i lhf-+ ${table === 'nat' ? '-m addrtype --dst-type LOCAL ' : ''}-j ${sharedChain}`;

const wayOf = (owner: ChainOwner): string =>
  `-i lhf-${owner.nonce}+ -m comment --comment "${renderMark(owner.nonce, owner.session)}" -j ${sessionChainOf(owner)}`;

const jumpOf = (bridge: string, { session }: ChainOwner): string =>
  `-i ${bridge} -m comment --comment "${renderMark(bridge, session)}" -j ${bridgeChainOf(bridge)}`;

// Without these, `route_localnet` opens every port of 127/8 to the bridges, and lets senders pose as 127.x.
const guards: readonly ChainRule[] = [{ spec: '-d 127.0.0.0/8 -j DROP' }, { spec: '-s 127.0.0.0/8 -j DROP' }];

// UDP services believe the source: nobody comes to this host as one of another network, or as this host, by what is for everybody neither.
const foreign = (probe: ProbeRule | undefined): string[] =>
  probe === undefined
    ? []
    : [`! -s ${probe.subnet}`, `-s ${probe.gateway}/32`].map(
        (from) => `${from} -m addrtype --dst-type LOCAL,BROADCAST,MULTICAST -j DROP`,
      );

const key = ({ protocol, containerPort }: PortRule): string => `${protocol}/${containerPort}`;

const translation = ({ protocol, containerPort, targetPort }: PortRule, from = ''): string =>
  `${from}-p ${protocol} -m ${protocol} --dport ${containerPort} -j DNAT --to-destination 127.0.0.1:${targetPort}`;

// Datagrams have no beginning: those for one service are tracked in a zone of that service's port, so that a port that is opened, closed or
// led elsewhere is another flow to whoever goes on sending.
const traffic = ({ protocol, containerPort, targetPort }: PortRule): string =>
  `-p ${protocol} -m addrtype --dst-type LOCAL -m ${protocol} --dport ${containerPort}${protocol === 'udp' ? ` -j CT --zone-orig ${targetPort}` : ''}`;

/** The rules of one bridge's chain. */
const rulesOf = (table: TableName, { ports, probe }: ChainedBridge): ChainRule[] => {
  const from = probe === undefined ? undefined : `-s ${probe.address}/32 `;
  // Hits are the user's: what a proof of ours sends is left out.
  if (table === 'raw')
    return [
      ...foreign(probe).map((spec) => ({ spec, first: true }) as const),
      ...(from === undefined ? [] : [{ spec: `${from}-j RETURN`, first: true } as const]),
      ...ports.map((port) => ({ spec: traffic(port) })),
    ];
  const trials = new Map(probe?.trials.map((port) => [key(port), port]));
  const probed =
    from === undefined ? [] : [...new Map([...ports.map((port) => [key(port), port] as const), ...trials]).values()];
  return [
    ...probed.map((port) => ({ spec: translation(port, from), first: true }) as const),
    ...ports.map((port) => ({ spec: translation(port) })),
  ];
};

/** How many rules a bridge's chain has. */
export const lengthOf = (table: TableName, bridge: ChainedBridge): number =>
  new Set(rulesOf(table, bridge).map(({ spec }) => spec)).size;

const chainsOf = (table: TableName, bridges: ChainedBridges, owner: ChainOwner): Chains => {
  if (bridges.size === 0) return new Map();
  const jumps = [...bridges.keys()].map((bridge) => ({ spec: jumpOf(bridge, owner) }));
  return new Map([
    ...[...bridges].map(([bridge, rules]) => [bridgeChainOf(bridge), rulesOf(table, rules)] as const),
    [sessionChainOf(owner), [...(table === 'raw' ? guards : []), ...jumps]],
  ]);
};

/** What leads from some bridges to others, where both are as they should be: neither is empty. A table's part of a restore. */
export const renderChange = (
  table: TableName,
  before: ChainedBridges,
  after: ChainedBridges,
  owner: ChainOwner,
): string[] => {
  const [old, now] = [chainsOf(table, before, owner), chainsOf(table, after, owner)];
  const gone = [...old.keys()].filter((chain) => !now.has(chain));
  const lines = [...now].flatMap(([chain, rules]) => changeChain(chain, old.get(chain) ?? [], rules));
  return inTable(table, [
    ...[...now.keys()].filter((chain) => !old.has(chain)).map(declare),
    ...lines,
    ...gone.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]),
  ]);
};

const changeChain = (chain: string, before: readonly ChainRule[], after: readonly ChainRule[]): string[] => {
  const [had, has] = [before, after].map((rules) => new Set(rules?.map(({ spec }) => spec)));
  const added = after.filter(({ spec }) => had?.has(spec) !== true);
  return [
    ...before.filter(({ spec }) => has?.has(spec) !== true).map(({ spec }) => `-D ${chain} ${spec}`),
    // Each goes before all others, so that the last of them comes first.
    ...added
      .filter(({ first }) => first === true)
      .map(({ spec }) => `-I ${chain} ${spec}`)
      .toReversed(),
    ...added.filter(({ first }) => first !== true).map(({ spec }) => `-A ${chain} ${spec}`),
  ];
};

/** A chain of ours as the kernel tells of it, such as `nat LHF-abcde`, and how many of its rules go. */
export type Deletions = ReadonlyMap<string, number>;

/** What {@link renderChange} takes away. */
export const deletionsIn = (
  table: TableName,
  before: ChainedBridges,
  after: ChainedBridges,
  owner: ChainOwner,
): Deletions => {
  const now = chainsOf(table, after, owner);
  const gone = [...chainsOf(table, before, owner)].map(([chain, rules]) => {
    const stay = new Set(now.get(chain)?.map(({ spec }) => spec));
    return [`${table} ${chain}`, rules.filter(({ spec }) => !stay.has(spec)).length] as const;
  });
  return new Map(gone.filter(([, count]) => count > 0));
};

/** What stands now on the way to a process's chain: rules as iptables lists them, without their verb. */
export interface WayIn {
  /** Whether the shared chain is there. */
  readonly isShared: boolean;
  /** Rules of the base chain that jump to the shared one. */
  readonly doors: readonly string[];
  /** Rules of the shared chain that jump to the process's. */
  readonly ways: readonly string[];
  /** Whether the shared chain has others. */
  readonly isOthersToo: boolean;
  /** Rules of the base chain that a user leads to a bridge's own chain by. */
  readonly detours: readonly string[];
}

/** The way in where no other process is: before a process's first bridge, and with it. */
export const wayAlone = (table: TableName, owner: ChainOwner, { isIn }: { isIn: boolean }): WayIn => ({
  isShared: isIn,
  doors: isIn ? [doorOf(table)] : [],
  ways: isIn ? [wayOf(owner)] : [],
  isOthersToo: false,
  detours: [],
});

/**
 * All of a process's chains as they shall be, whatever is left of them: each is made where it is missing, emptied, filled, and those of
 * bridges that are gone are deleted. Only the way in cannot be had so, since it is in chains of others. The rule and the chain that all
 * processes share go with the last one: the kernel refuses the whole of it while anybody has a jump there.
 */
export const renderAnew = (
  table: TableName,
  after: ChainedBridges,
  gone: readonly string[],
  owner: ChainOwner,
  way: WayIn,
): string[] => {
  const chains = chainsOf(table, after, owner);
  const old = [...gone.map(bridgeChainOf), ...(after.size === 0 ? [sessionChainOf(owner)] : [])];
  const isDetourToGone = (rule: string): boolean => old.some((chain) => rule.endsWith(` -j ${chain}`));
  return inTable(table, [
    ...[...old, ...chains.keys()].map(declare),
    ...[...chains].flatMap(([chain, rules]) => rules.map(({ spec }) => `-A ${chain} ${spec}`)),
    ...way.detours.filter(isDetourToGone).map((rule) => `-D ${baseChain} ${rule}`),
    ...(after.size === 0 ? renderWayOut(way) : renderWayIn(table, owner, way)),
    ...old.map((chain) => `-X ${chain}`),
  ]);
};

/** The rule and the chain that all processes share, where none is left. */
export const renderLastOut = (table: TableName, way: WayIn | undefined): string[] =>
  inTable(table, way === undefined || way.ways.length > 0 ? [] : renderWayOut(way));

const renderWayOut = ({ isShared, ways, isOthersToo, doors }: WayIn): string[] => [
  ...ways.map((rule) => `-D ${sharedChain} ${rule}`),
  ...(isShared && !isOthersToo ? [...doors.map((rule) => `-D ${baseChain} ${rule}`), `-X ${sharedChain}`] : []),
];

const renderWayIn = (table: TableName, owner: ChainOwner, way: WayIn): string[] => [
  ...(way.isShared ? [] : [`-N ${sharedChain}`]),
  ...(way.doors.length > 0 ? [] : [`-I ${baseChain} 1 ${doorOf(table)}`]),
  ...(way.ways.length > 0 ? [] : [`-A ${sharedChain} ${wayOf(owner)}`]),
];

const declare = (chain: string): string => `:${chain} - [0:0]`;

const inTable = (table: TableName, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`*${table}`, ...lines, 'COMMIT'];
