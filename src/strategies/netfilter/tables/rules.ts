import { renderMark } from '../../../ownership/names.ts';
import type { CutMode } from '../../../faults.ts';
import type { Protocol } from '../../../types.ts';
import { cutChainOf, renderCuts } from './cut-rules.ts';
import { renderArrival, renderHermetic, renderSeal } from './guard-rules.ts';
import { renderPassage, renderPassageAnew } from './passage-rules.ts';

/*
 * Two tables of one process (or worker thread), whatever the number of its forwards: each forward is an element, so that other
 * people's packets meet four short rules and no more.
 *
 *  container ──▶ arrive    (prerouting -300)  drops what is written to 127/8, poses as it or as another network or brings its own
 *                                             route, counts what comes for a port
 *            ──▶ follow    (prerouting -190)  cut on purpose? refused, reset or dropped; closed meanwhile? reset
 *            ──▶ translate (prerouting -101)  a local address and a forwarded port? then 127.0.0.1:<target port>
 *  service   ──▶ answer    (output -140)      slowed? cut? accepted, which is counted
 *  and where a network of the process is hermetic:
 *            ──▶ deliver   (input -300)       refuses what was not translated by us, and is no answer
 *            ──▶ confine   (forward -300)     refuses what leaves the network, and what comes into it
 *
 *  lhf_<nonce>        owned: gone with the process that holds its socket
 *  lhf_guard_<nonce>  arrive, deliver and confine without the ports: stands until the bridges are gone, whoever died
 */

/** One forwarded port as rules see it: what a container dials, and which port of 127.0.0.1 stands for it. */
export interface PortRule {
  readonly protocol: Protocol;
  readonly containerPort: number;
  readonly targetPort: number;
  /** What callers meet instead of the service. */
  readonly cut?: CutMode | undefined;
  /** The class of the bridge's queueing that its answers go by. */
  readonly classId?: string | undefined;
}

/** What a container dials, in a packet that comes in. */
const dialled = 'iifname . meta l4proto . th dport';

/** A process's tables, from its nonce and its mark. */
export interface TableNames {
  readonly owned: string;
  readonly guard: string;
  /** How the names of all bridges in them begin, as nft writes it. */
  readonly ours: string;
  /** The comment of both. */
  readonly mark: string;
}

export const tableNamesOf = (nonce: string, session: string): TableNames => ({
  owned: `lhf_${nonce}`,
  guard: `lhf_guard_${nonce}`,
  ours: `"lhf-${nonce}*"`,
  mark: renderMark(nonce, session),
});

/** The tables that a bridge is in, whichever process has them: its name begins with that process's nonce. */
export const tableNamesOfBridge = (bridge: string): TableNames => tableNamesOf(bridge.slice(4, 9), '');

/**
 * The guard without a bridge in it. With `replaces`, one that is there goes in the same transaction; else it is refused where there is
 * one. What is deleted is not free: iptables, and with it the engine at a network's creation, waits until the kernel has let go of it.
 */
export const renderGuardTable = ({ guard, ours, mark }: TableNames, { replaces }: { replaces: boolean }): string[] => {
  const table = `ip ${guard}`;
  const place = { table, ours };
  return [
    ...(replaces ? [`add table ${table}`, `delete table ${table}`] : []),
    `create table ${table} { comment "${mark}"; }`,
    ...renderArrival(place),
    ...renderHermetic(place),
  ];
};

/** The owned table without a forward in it. */
export const renderOwnedTable = ({ owned, ours, mark }: TableNames): string[] => {
  const table = `ip ${owned}`;
  const place = { table, ours };
  const perPort = 'type ifname . inet_proto . inet_service';
  return [
    `add table ${table} { flags owner; comment "${mark}"; }`,
    `add set ${table} probes { type ifname . ipv4_addr; }`,
    ...['ports', 'trials'].map((map) => `add map ${table} ${map} { ${perPort} : ipv4_addr . inet_service; }`),
    ...['traffic', 'attempts', 'connections', 'proofs'].map(
      (set) => `add set ${table} ${set} { ${perPort}; counter; }`,
    ),
    `add set ${table} live { ${perPort} . inet_service; }`,
    `add map ${table} zones { typeof iifname . udp dport : ct zone; }`,
    ...renderCuts(table, dialled),
    `add map ${table} cuts { ${perPort} : verdict; }`,
    `add map ${table} slowed { ${perPort} : classid; }`,
    ...renderArrival(place),
    // The gateway is an address of this host: no look into the routes tells more.
    `add rule ${table} called meta l4proto udp ct original zone set iifname . udp dport map @zones`,
    `add rule ${table} called ${dialled} @traffic`,
    // Datagrams have no beginning: those for one service are tracked in a zone of that service's port, so that a port that is opened,
    // closed or led elsewhere is another flow to whoever goes on sending.
    `add rule ${table} arrived meta l4proto udp fib daddr type local ct original zone set iifname . udp dport map @zones`,
    // Hits are the user's: what a proof of ours sends is left out.
    `add rule ${table} arrived iifname . ip saddr @probes accept`,
    `add rule ${table} arrived fib daddr type local ${dialled} @traffic`,
    `add chain ${table} probed`,
    `add rule ${table} probed ${dialled} @proofs`,
    `add rule ${table} probed dnat ip to ${dialled} map @trials`,
    `add rule ${table} probed dnat ip to ${dialled} map @ports`,
    ...['translated', 'followed', 'closed', 'accepted', 'replied'].map((chain) => `add chain ${table} ${chain}`),
    ...renderPassage(table, dialled, { hasFaults: false }),
    `add chain ${table} translate { type nat hook prerouting priority -101; policy accept; }`,
    `add rule ${table} translate iifname ${ours} fib daddr type local goto translated`,
    // What a container holds open goes no further once its port is closed or leads elsewhere, and is told so. Before its packets are
    // translated: a reset passes no hook on a bridge that calls iptables, and has to have the address that the container dialled.
    // A bridge of ours that is guarded by iptables alone has no live ports here.
    `add rule ${table} closed iifname != @bridges accept`,
    // A caller that was told so answers what its service still says to it by a reset, which ends the service's side.
    `add rule ${table} closed tcp flags & rst == rst accept`,
    `add rule ${table} closed meta l4proto tcp counter reject with tcp reset`,
    `add rule ${table} closed counter drop`,
    `add chain ${table} follow { type filter hook prerouting priority -190; policy accept; }`,
    `add rule ${table} follow iifname ${ours} goto followed`,
    `add chain ${table} answer { type filter hook output priority -140; policy accept; }`,
    `add rule ${table} answer oifname ${ours} ct direction reply ct status dnat goto replied`,
    ...renderHermetic(place),
  ];
};

/** What one bridge has in the tables. */
export interface TabledBridge {
  /** Default: false. */
  readonly isHermetic?: boolean;
  readonly ports: readonly PortRule[];
  readonly probe: ProbeRule | undefined;
  /** False where iptables translates, and these tables guard and count. */
  readonly translates: boolean;
}

/** Probes of ours: what they send is no hit of the user's, and is counted as a proof. */
export interface ProbeRule {
  readonly address: string;
  /** Whom the network's members may come as, as {@link callersOf} tells. */
  readonly callers: string;
  /** Those of them whom the engine gives the first addresses, as {@link usualCallersOf} tells. */
  readonly usual: readonly string[];
  /** The network itself, and its gateway, which is this host. */
  readonly subnet: string;
  readonly gateway: string;
  /** Ports that lead elsewhere for probes only: to a listener of ours, where the user's service does not listen yet. */
  readonly trials: readonly PortRule[];
}

/** An element's place, such as `lhf_abcde ports`, and its key there, with what it maps to, or nothing in a set. */
export type Elements = ReadonlyMap<string, string>;

/** What a bridge is in sets and maps. */
export const elementsOf = (
  { owned, guard }: TableNames,
  bridge: string,
  { ports, probe, translates, isHermetic = false }: TabledBridge,
): Elements => {
  const elements = new Map<string, string>();
  const add = (table: string, set: string, key: string, value = ''): void =>
    void elements.set(`ip ${table} ${set} { ${[`"${bridge}"`, ...(key === '' ? [] : [key])].join(' . ')}`, value);
  const target = ({ targetPort }: PortRule): string => ` : 127.0.0.1 . ${targetPort}`;
  const live = ({ protocol, containerPort, targetPort }: PortRule): void =>
    add(owned, 'live', `${protocol} . ${containerPort} . ${targetPort}`);
  for (const table of [guard, owned]) add(table, 'bridges', '');
  for (const table of isHermetic ? [guard, owned] : []) {
    add(table, 'hermetic', '');
    add(table, 'within', `"${bridge}"`);
  }
  for (const port of ports) {
    const key = `${port.protocol} . ${port.containerPort}`;
    for (const set of ['traffic', 'attempts', 'connections']) add(owned, set, key);
    if (translates) {
      add(owned, 'proofs', key);
      add(owned, 'ports', key, target(port));
    }
    live(port);
    if (port.classId !== undefined) add(owned, 'slowed', key, ` : ${port.classId}`);
    if (port.protocol === 'udp') add(owned, 'zones', String(port.containerPort), ` : ${port.targetPort}`);
    if (port.cut !== undefined) add(owned, 'cuts', key, ` : goto ${cutChainOf(port.protocol, port.cut)}`);
  }
  if (probe !== undefined) {
    for (const table of [guard, owned]) {
      add(table, 'callers', probe.callers);
      for (const caller of probe.usual) add(table, 'usual', `${caller} . ${probe.gateway}`);
    }
    add(owned, 'probes', probe.address);
  }
  for (const port of probe?.trials ?? []) {
    if (translates) add(owned, 'trials', `${port.protocol} . ${port.containerPort}`, target(port));
    live(port);
  }
  return elements;
};

/** The commands that lead from the elements of some bridges to others: one for each set that loses some, one for each that gains some. */
export const renderChange = ({ owned, guard, ours }: TableNames, before: Elements, after: Elements): string[] => [
  ...[guard, owned]
    .map((name) => `ip ${name}`)
    .filter((table) => hasHermetic(table, after) && !hasHermetic(table, before))
    .flatMap((table) => renderSeal({ table, ours })),
  ...(hasFaults(owned, after) && !hasFaults(owned, before) ? renderPassageAnew(`ip ${owned}`, dialled) : []),
  ...renderElements(
    'delete',
    [...before].flatMap(([key, value]) => (after.get(key) === value ? [] : [[key, ''] as const])),
  ),
  ...renderElements(
    'add',
    [...after].filter(([key, value]) => before.get(key) !== value),
  ),
];

const hasHermetic = (table: string, elements: Elements): boolean =>
  [...elements.keys()].some((key) => key.startsWith(`${table} hermetic `));

const hasFaults = (owned: string, elements: Elements): boolean =>
  [...elements.keys()].some((key) => /^ (?:cuts|slowed) /.test(key.slice(`ip ${owned}`.length)));

const renderElements = (verb: 'add' | 'delete', elements: readonly (readonly [string, string])[]): string[] => {
  const sets = Map.groupBy(elements, ([key]) => key.slice(0, key.indexOf(' { ')));
  return [...sets].map(([set, members]) => {
    const list = members.map(([key, value]) => key.slice(set.length + ' { '.length) + value).join(', ');
    return `${verb} element ${set} { ${list} }`;
  });
};

/** Both tables gone, whether or not they were there. */
export const renderRemoval = ({ owned, guard }: TableNames): string[] => [
  `add table ip ${owned} { flags owner; }`,
  `delete table ip ${owned}`,
  `add table ip ${guard}`,
  `delete table ip ${guard}`,
];
