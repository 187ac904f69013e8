import type Docker from 'dockerode';
import { delay, now } from '../clock.ts';
import { debug } from '../command/debug.ts';
import { headlineOf, isLocalhostForwardError, LocalhostForwardError } from '../errors.ts';
import { labels } from '../ownership/names.ts';
import { doubt } from './doubtful.ts';
import { statusOf, type Engine } from './engine.ts';
import { FewAtOnce } from './few-at-once.ts';
import { labelsOf } from './labels.ts';
import { disconnectEnded, untilCleanedUp } from './ended-containers.ts';
import { dockerUnavailable } from './unavailable.ts';

export interface NetworkPlan {
  readonly name: string;
  readonly bridge: string;
  readonly subnet: string;
  readonly gateway: string;
  /** The part of the subnet that containers get addresses of. Default: all of it. */
  readonly range?: string;
  readonly isInternal: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** The engine refused the subnet because something else has it: choose another. */
export class SubnetTaken extends Error {}

/**
 * Creates a bridge network and returns its id.
 *
 * @throws SubnetTaken, LHF_ERR_NETWORK with the engine's words, LHF_ERR_DOCKER_UNAVAILABLE.
 */
export const createNetwork = async ({ docker, facts }: Engine, plan: NetworkPlan): Promise<string> => {
  const startedAt = now();
  const config = {
    Subnet: plan.subnet,
    Gateway: plan.gateway,
    ...(plan.range !== undefined && { IPRange: plan.range }),
  };
  try {
    const network = await docker.createNetwork({
      Name: plan.name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Internal: plan.isInternal,
      // The gateway is given and not left to the engine: some report none for a subnet without one.
      IPAM: { Driver: 'default', Config: [config] },
      Options: { 'com.docker.network.bridge.name': plan.bridge },
      Labels: { ...plan.labels },
    });
    debug(`network ${plan.name} ${plan.subnet}`, startedAt);
    return network.id;
  } catch (error) {
    debug(`network ${plan.name} ${plan.subnet}: ${String(error)}`, startedAt);
    if (statusOf(error) === undefined) {
      // No answer is no refusal: the engine may have made it before the connection broke, or be about to.
      doubt(docker, { kind: 'network', name: plan.name });
      await removeNetwork(docker, plan).catch((failure: unknown) => debug(`removing ${plan.name}: ${String(failure)}`));
      throw dockerUnavailable(error, facts.endpoint);
    }
    if (/overlaps|is already used on the host/i.test(messageOf(error)))
      throw new SubnetTaken(messageOf(error), { cause: error });
    const { why, advice } = explainRefusal(messageOf(error));
    throw new LocalhostForwardError(
      'LHF_ERR_NETWORK',
      { what: `The engine refused the network ${plan.name} (${plan.subnet}): ${why}`, try: advice },
      { cause: error },
    );
  }
};

/** Why an engine makes no network, by its own words, and what helps. */
const explainRefusal = (message: string): { why: string; advice: string } => {
  const words = message.replaceAll(/\s+/g, ' ').trim();
  // It puts its own chains in when it starts, and never again.
  if (/iptables.*No chain\/target\/match by that name/i.test(words))
    return {
      why: `its own iptables chains are gone, which somebody flushed or a firewall's reload took: ${words}`,
      advice: 'sudo systemctl restart docker',
    };
  return { why: words, advice: /no space left/i.test(words) ? 'docker system df' : 'docker network prune' };
};

/** How long containers that come and go may hold a network back, in milliseconds. */
const patienceMs = 10_000;
const lookEveryMs = 50;

/**
 * How many networks one engine is asked to let go at a time. Asked for two hundred at once, an engine works on all of them and ends the first after half a
 * minute: whoever waits, or looks on, cannot tell it from one that is stuck.
 */
const mostRemovals = 8;
const removals = new WeakMap<Docker, FewAtOnce>();
const removalsOf = (docker: Docker): FewAtOnce => {
  const few = removals.get(docker) ?? new FewAtOnce(mostRemovals);
  removals.set(docker, few);
  return few;
};

/**
 * Removes a network. Containers that are still attached are disconnected, never removed, and the names of those that are not probes of
 * ours, which another process may have under way on it, are returned.
 * A network that is gone already is what was wanted.
 *
 * By its name: asked by an id, Podman removes one that containers use, and they cannot be removed any more. Where an engine has two
 * of that name, which Docker allowed before 25, by its id.
 */
export const removeNetwork = async (
  docker: Docker,
  { name, id = name }: { readonly name: string; readonly id?: string },
): Promise<{ disconnected: string[] }> => {
  const startedAt = now();
  let network = docker.getNetwork(name);
  const disconnected = new Set<string>();
  for (;;) {
    try {
      await removalsOf(docker).run(() => network.remove());
      debug(`network ${name} removed`, startedAt);
      return { disconnected: [...disconnected] };
    } catch (error) {
      if (statusOf(error) === 404) return { disconnected: [...disconnected] };
      if (/is ambiguous|matches found/i.test(messageOf(error)) && network.id !== id) {
        network = docker.getNetwork(id);
        continue;
      }
      if (!/active endpoints|associated containers/i.test(messageOf(error))) throw error;
      const leftMs = startedAt + patienceMs - now();
      if (leftMs < 0) throw error;
      const names = await disconnectAll(docker, network.id, leftMs);
      // Podman counts those that have ended as well, and does not tell of them among the network's own.
      if (/associated containers/i.test(messageOf(error)))
        names.push(...(await disconnectEnded(docker, name, startedAt + patienceMs - now())));
      for (const one of names) disconnected.add(one);
      // Its last endpoint is going: the engine says when by letting the network go.
      if (names.length === 0) await delay(lookEveryMs);
    }
  }
};

const disconnectAll = async (docker: Docker, id: string, withinMs: number): Promise<string[]> => {
  const network = docker.getNetwork(id);
  const { Containers = {} } = ((await network.inspect().catch(() => ({}))) ?? {}) as {
    Containers?: Record<string, { Name?: string }>;
  };
  const names = await Promise.all(
    Object.entries(Containers).map(async ([container, { Name = container }]) => {
      // An endpoint without a container is named ep-…: only its own name reaches it.
      const target = container.startsWith('ep-') ? Name : container;
      const isOurs = await isProbe(docker, container);
      await untilCleanedUp(docker, container, withinMs);
      const done = await network.disconnect({ Container: target, Force: true }).then(
        () => true,
        () => false,
      );
      return done && !isOurs ? [Name] : [];
    }),
  );
  return names.flat();
};

// By its mark and not by its name, which anybody may choose.
const isProbe = (docker: Docker, id: string): Promise<boolean> =>
  docker
    .getContainer(id)
    .inspect()
    .then(
      ({ Config }) => labelsOf(Config.Labels)[labels.bridge] !== undefined,
      () => false,
    );

export interface ListedNetwork {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
  readonly subnets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The engine's networks; `label` keeps those that carry it. */
export const listNetworks = async (docker: Docker, label?: string): Promise<ListedNetwork[]> => {
  const listed = await docker.listNetworks(label === undefined ? {} : { filters: { label: [label] } });
  return listed.map((network) => ({
    id: network.Id,
    name: network.Name,
    bridge: network.Options?.['com.docker.network.bridge.name'] ?? '',
    subnets: (network.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet])),
    labels: labelsOf(network.Labels),
  }));
};

/** What the engine said, without dockerode's preamble. */
export const messageOf = (error: unknown): string => {
  const json = (error as { json?: { message?: unknown } }).json?.message;
  if (typeof json === 'string') return json;
  if (isLocalhostForwardError(error)) return headlineOf(error);
  return (error as { message?: string } | undefined)?.message ?? String(error);
};
