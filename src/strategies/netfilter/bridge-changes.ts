import { keyOf } from '../strategy.ts';
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
    ports: now.ports.map((one) => (keyOf(one) === keyOf(port) ? { ...one, ...fault } : one)),
  }));

/** Knows our probes by their address, and where ports lead for them. */
export const knowingProbes = <Content extends BridgeContent>(bridge: string, probe: ProbeRule): BridgeChange<Content> =>
  updating(bridge, `could not be put in for probes on ${bridge}`, (now) => ({ ...now, probe }));

const without = ({ ports }: BridgeContent, port: PortRule): PortRule[] =>
  ports.filter((one) => keyOf(one) !== keyOf(port));
