import { removeContainer } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import { messageOf, removeNetwork } from '../engine/networks.ts';
import { interfaceExists } from '../host/kernel.ts';
import { readRouteLocalnet } from '../strategies/netfilter/route-localnet.ts';
import { idOfBridge } from '../ownership/names.ts';
import type { Privileges } from '../privilege/privileges.ts';
import { removeChains } from '../strategies/netfilter/iptables/remove-chains.ts';
import type { Found } from './leftover.ts';

export interface RemovalTools {
  readonly engine: Pick<Engine, 'docker'> | undefined;
  readonly privileges: Privileges | undefined;
}

/** What happened to one found thing; no failure means that it is gone, whoever removed it. */
export interface Outcome {
  readonly found: Found;
  readonly failure?: string;
  /** Containers of the user's that were attached to a removed network. */
  readonly disconnected?: readonly string[];
}

/**
 * Removes the found things of one bridge: first what lets packets in, then what rules, then containers and network, and the guard
 * last, since it has to stand while `route_localnet` may be on. One thing's failure keeps nothing else from going.
 */
export const removeFound = async (bridge: string, found: readonly Found[], tools: RemovalTools): Promise<Outcome[]> => {
  const outcomes: Outcome[] = await shut(bridge, found, tools);
  for (const kinds of [['rules', 'accept'], ['container'], ['network']] as const) {
    const batch = found.filter(({ kind }) => kinds.some((one) => one === kind));
    // Rules are written one after the other: iptables takes turns anyway.
    for (const one of batch) outcomes.push(await removeOne(one, tools));
  }
  const isOpen = interfaceExists(bridge) && (await readRouteLocalnet(bridge)) === true;
  for (const guard of found.filter(({ kind }) => kind === 'guard')) {
    outcomes.push(
      isOpen ? { found: guard, failure: `it stands until ${bridge} is gone` } : await removeOne(guard, tools),
    );
  }
  return outcomes;
};

const shut = async (bridge: string, found: readonly Found[], { privileges }: RemovalTools): Promise<Outcome[]> => {
  // A probe that another process had on a bridge is no reason to shut the bridge: its owner may be alive.
  const isOwners = found.some(({ kind }) => kind === 'network' || kind === 'guard');
  if (privileges === undefined || !isOwners || idOfBridge(bridge) === undefined) return [];
  if ((await readRouteLocalnet(bridge)) !== true) return [];
  const sysctl: Found = {
    kind: 'sysctl',
    name: `net.ipv4.conf.${bridge}.route_localnet`,
    bridge,
    session: found[0]?.session,
  };
  const failure = await privileges.setSysctl(`net/ipv4/conf/${bridge}/route_localnet`, '0');
  return [failure === undefined || !interfaceExists(bridge) ? { found: sysctl } : { found: sysctl, failure }];
};

const removeOne = async (found: Found, tools: RemovalTools): Promise<Outcome> => {
  try {
    const disconnected = await perform(found, tools);
    return { found, ...(disconnected.length === 0 ? {} : { disconnected }) };
  } catch (error) {
    return { found, failure: messageOf(error) };
  }
};

const perform = async (found: Found, { engine, privileges }: RemovalTools): Promise<readonly string[]> => {
  if (found.id !== undefined) {
    if (engine === undefined) throw new Error('no engine answers');
    if (found.kind === 'network') return (await removeNetwork(engine.docker, found.id)).disconnected;
    await removeContainer(engine.docker, found.id);
    return [];
  }
  if (privileges === undefined) throw new Error('this needs root, or sudo without a password');
  if (found.iptables !== undefined) await removeIptables(found.bridge, found.iptables, privileges);
  else if (found.rule !== undefined)
    await deleteByNft(['rule', ...found.rule.slice(0, 3), 'handle', found.rule[3]], privileges);
  else await deleteByNft(['table', found.family ?? 'ip', found.name], privileges);
  return [];
};

const deleteByNft = async (what: readonly string[], privileges: Privileges): Promise<void> => {
  const { exitCode, stderr, failure } = await privileges.run(['nft', 'delete', ...what]);
  if (exitCode !== 0 && !/No such file or directory/.test(stderr)) throw new Error(failure ?? firstLine(stderr));
};

/** Takes a bridge's chains, and those of its process, out of tables of iptables. */
export const removeIptables = async (
  bridge: string,
  tables: readonly string[],
  privileges: Privileges,
): Promise<void> => {
  const ours = tables.filter((table) => table === 'raw' || table === 'nat');
  const failure = await removeChains({ nonce: bridge.slice(4, 9), bridges: [bridge], tables: ours }, privileges);
  if (failure !== undefined) throw new Error(firstLine(failure));
};

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? 'it gave no reason';
