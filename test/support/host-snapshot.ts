import Docker from 'dockerode';
import { type Exec, execHere, outputOf } from './run.ts';
import { renderLineDifference } from './line-difference.ts';

/** What a test could leave behind on a host, each part as lines in a stable order. */
export type Snapshot = Readonly<
  Record<
    'nftables' | 'iptables' | 'ip6tables' | 'networks' | 'containers' | 'interfaces' | 'processes',
    readonly string[]
  >
>;

/** In place of a marker, where processes are somebody else's matter. */
export const nobody = Symbol('nobody');

export interface SnapshotOptions {
  /** The engine whose lists are taken. Default: the one of `DOCKER_HOST` or the usual socket. */
  readonly docker?: Docker;
  /** A process is one of ours when its command line has this; default `lhf-holder`. For {@link nobody} none is looked for. */
  readonly processMarker?: string | typeof nobody;
}

/** Reads all of it at one time, on the side where `run` runs its commands. */
export const takeSnapshot = async (run: Exec = execHere, options: SnapshotOptions = {}): Promise<Snapshot> => {
  const { docker = new Docker(), processMarker = 'lhf-holder' } = options;
  // What goes while it is looked at, as processes do, makes these fail.
  const lines = async (...argv: readonly string[]): Promise<string[]> => linesOf((await run(argv)).stdout);
  // A listing of rules that fails looks like a host without any; who is not root sees none.
  const rules = async (...argv: readonly string[]): Promise<string[]> =>
    normaliseRules(process.getuid?.() === 0 ? linesOf(await outputOf(run, argv)) : await lines(...argv));
  const [nftables, iptables, ip6tables, networks, containers, interfaces, processes] = await Promise.all([
    rules('nft', 'list', 'ruleset'),
    rules('iptables-save'),
    rules('ip6tables-save'),
    docker
      .listNetworks()
      .then((list) => list.map(({ Name, Id, Driver }) => `${Name} ${Driver} ${Id.slice(0, 12)}`).toSorted()),
    docker
      .listContainers({ all: true })
      .then((list) => list.map(({ Names, Id, State }) => `${Names.join()} ${State} ${Id.slice(0, 12)}`).toSorted()),
    lines('sh', '-c', listInterfaces).then((list) => list.filter((line) => !line.startsWith('veth')).toSorted()),
    processMarker === nobody
      ? ([] as string[])
      : lines('sh', '-c', listProcesses, 'list-processes', hideFromItself(processMarker)),
  ]);
  return { nftables, iptables, ip6tables, networks, containers, interfaces, processes: processes.toSorted() };
};

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/**
 * What differs, part by part, with `-` and `+` before the lines; empty when the two are equal. Left out is what iptables makes when
 * somebody first uses it and nobody takes away: its own base chains without a rule, and its own tables without a chain.
 */
export const renderDifference = (before: Snapshot, after: Snapshot): string =>
  renderExactDifference(withoutEmptyChains(before), withoutEmptyChains(after));

const withoutEmptyChains = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  nftables: snapshot.nftables
    .join('\n')
    .replaceAll(/^\tchain (?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) \{\n\t\ttype [^\n]+\n\t\}\n/gm, '')
    .replaceAll(/^table ip6? (?:raw|mangle|nat|filter|security) \{\n\}\n?/gm, '')
    .split('\n')
    .filter((line) => line !== ''),
  iptables: snapshot.iptables.filter((line) => /^-|^:\S+ -/.test(line)),
  ip6tables: snapshot.ip6tables.filter((line) => /^-|^:\S+ -/.test(line)),
});

/** The same to the last byte. */
export const renderExactDifference = (before: Snapshot, after: Snapshot): string =>
  (Object.keys(before) as (keyof Snapshot)[])
    .map((part) => [part, renderLineDifference(before[part], after[part])] as const)
    .filter(([, difference]) => difference.length > 0)
    .map(([part, difference]) => [`${part}:`, ...difference].join('\n'))
    .join('\n');

// An interface may go while it is read, and what `read` returns tells nothing: the kernel gives one character and no end of a line.
const listInterfaces = `cd /proc/sys/net/ipv4/conf && for name in *; do
  value=
  { read -r value < "$name/route_localnet"; } 2>/dev/null
  if [ -n "$value" ]; then echo "$name route_localnet=$value"; fi
done`;

// grep alone reads all command lines in one process; arguments become words on one line.
const listProcesses = `grep -lazE -- "$1" /proc/[0-9]*/cmdline 2>/dev/null | while IFS= read -r file; do
  tr '\\0\\n' '  ' < "$file" 2>/dev/null && echo
done`;

const hideFromItself = (marker: string): string => `[${marker.slice(0, 1)}]${marker.slice(1)}`;

// A listing of rules without what changes by itself: counters, comments with times, and where Docker puts its jumps.
const normaliseRules = (lines: readonly string[]): string[] => {
  const plain = lines
    .filter((line) => !line.startsWith('#') && !isOfEndpoint(line))
    .map((line) => line.replace(/\bpackets \d+ bytes \d+/g, 'packets N bytes N').replace(/\[\d+:\d+\]/, '[N:N]'));
  return settleDockerJumps(plain);
};

// Docker 28 and later close each container's address to other interfaces: who comes and goes on a network changes these.
const isOfEndpoint = (line: string): boolean =>
  /^\t\tip daddr \S+ iifname != "[^"]+" counter .*drop|^-A PREROUTING -d \S+\/32 ! -i \S+ -j DROP/.test(line);

const dockerJumps = [
  /^(-A FORWARD|\t\tcounter packets N bytes N) (-j|jump) DOCKER-USER$/,
  /^(-A FORWARD|\t\tcounter packets N bytes N) (-j|jump) DOCKER-ISOLATION-STAGE-1$/,
];

// While several networks come and go Docker moves these jumps within FORWARD, and at times has one twice: keep one of
// each, ahead of the chain's other rules.
const settleDockerJumps = (lines: readonly string[]): string[] =>
  groupByChain(lines).flatMap((chain) => {
    const isJump = (line: string): boolean => dockerJumps.some((jump) => jump.test(line));
    const jumps = dockerJumps.flatMap((jump) => chain.filter((line) => jump.test(line)).slice(0, 1));
    return [...jumps, ...chain.filter((line) => !isJump(line))];
  });

// Neighbours of one chain: `-A FORWARD …` in iptables' listings, lines indented twice in nft's.
const groupByChain = (lines: readonly string[]): string[][] => {
  const groups: string[][] = [];
  let last: string | undefined;
  for (const line of lines) {
    const chain = /^(-A \S+|\t\t)/.exec(line)?.[0];
    const group = groups.at(-1);
    if (group && chain !== undefined && chain === last) group.push(line);
    else groups.push([line]);
    last = chain;
  }
  return groups;
};
