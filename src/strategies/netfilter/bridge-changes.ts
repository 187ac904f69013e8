import { keyOf, type PortKey } from '../strategy.ts';
import type { PortRule, ProbeRule } from './tables/rules.ts';

/** What every program writes for one bridge. */
interface BridgeContent {
  readonly ports: readonly PortRule[];
  readonly probe: ProbeRule | undefined;
}

/** One bridge's next content, told by what it is when its turn comes; undefined: none. */
export interface BridgeChange<Content> {
  readonly bridge: string;
  readonly update: (now: Content | undefined) => Content | undefined;
  /** For an error: what could not be done. */
  readonly what: string;
}

/** What some bridges come to have by changes, in order. */
export const changed = <Content>(
  now: ReadonlyMap<string, Content>,
  changes: readonly BridgeChange<Content>[],
): ReadonlyMap<string, Content> => {
  const after = new Map(now);
  for (const { bridge, update } of changes) {
    const content = update(after.get(bridge));
    if (content === undefined) after.delete(bridge);
    else after.set(bridge, content);
  }
  return after;
};

export const puttingIn = <Content>(bridge: string, content: Content): BridgeChange<Content> => ({
  bridge,
  what: `could not be put in for ${bridge}`,
  update: () => content,
});

export const takingOut = <Content>(bridge: string): BridgeChange<Content> => ({
  bridge,
  what: `could not be removed for ${bridge}`,
  update: () => undefined,
});

/** A bridge that is not there stays so: whoever closed it was first. */
const updating = <Content>(bridge: string, what: string, update: (now: Content) => Content): BridgeChange<Content> => ({
  bridge,
  what,
  update: (now) => now && update(now),
});

export const addingPort = <Content extends BridgeContent>(bridge: string, port: PortRule): BridgeChange<Content> =>
  updating(bridge, `could not be put in for port ${keyOf(port)} of ${bridge}`, (now) => ({
    ...now,
    ports: [...without(now, port), port],
  }));

export const removingPort = <Content extends BridgeContent>(bridge: string, port: PortRule): BridgeChange<Content> =>
  updating(bridge, `could not be removed for port ${keyOf(port)} of ${bridge}`, (now) => ({
    ...now,
    ports: without(now, port),
  }));

/** Cuts or slows a port of those that are there, or brings it back. */
export const disturbingPort = <Content extends BridgeContent>(
  bridge: string,
  port: PortRule,
  fault: Pick<PortRule, 'cut' | 'classId'>,
): BridgeChange<Content> =>
  updating(bridge, `could not be changed for the fault of port ${keyOf(port)} of ${bridge}`, (now) => ({
    ...now,
    ports: now.ports.map((one) => (isSame(one, port) ? { ...one, ...fault } : one)),
  }));

/** Knows our probes by their address, and where ports lead for them. */
export const knowingProbes = <Content extends BridgeContent>(bridge: string, probe: ProbeRule): BridgeChange<Content> =>
  updating(bridge, `could not be put in for probes on ${bridge}`, (now) => ({ ...now, probe }));

const isSame = (one: PortKey, other: PortKey): boolean =>
  one.containerPort === other.containerPort && one.protocol === other.protocol;

const without = ({ ports }: BridgeContent, port: PortRule): PortRule[] => ports.filter((one) => !isSame(one, port));

/**
 * What bridges have before and after, without the ports that are the same in both: a change costs what changes, however many ports there
 * are. Those that lead elsewhere for probes stay, since there a rule of one stands for another.
 */
export const differing = <Content extends BridgeContent>(
  before: ReadonlyMap<string, Content>,
  after: ReadonlyMap<string, Content>,
  bridges: Iterable<string> = new Set([...before.keys(), ...after.keys()]),
): [Map<string, Content>, Map<string, Content>] => {
  const [had, has] = [new Map<string, Content>(), new Map<string, Content>()];
  for (const bridge of bridges) {
    const [old, now] = [before.get(bridge), after.get(bridge)];
    const trials = [...(old?.probe?.trials ?? []), ...(now?.probe?.trials ?? [])];
    const all = [old?.ports ?? [], now?.ports ?? []] as const;
    const [oldOnes, nowOnes] = trials.length > 0 ? all : withoutCommonEnds(...all);
    const [oldPorts, nowPorts] = [new Set(oldOnes), new Set(nowOnes)];
    const differs = (port: PortRule): boolean =>
      !oldPorts.has(port) || !nowPorts.has(port) || trials.some((trial) => isSame(trial, port));
    if (old !== undefined) had.set(bridge, { ...old, ports: oldOnes.filter(differs) });
    if (now !== undefined) has.set(bridge, { ...now, ports: nowOnes.filter(differs) });
  }
  return [had, has];
};

/** What two lists have between the beginning and the end that they share: one port more or less leaves that port, of thousands. */
const withoutCommonEnds = <T>(one: readonly T[], other: readonly T[]): [readonly T[], readonly T[]] => {
  const most = Math.min(one.length, other.length);
  let start = 0;
  while (start < most && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < most - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  return [one.slice(start, one.length - end), other.slice(start, other.length - end)];
};
