import { readFile } from 'node:fs/promises';
import { connectEngine } from '../engine/engine.ts';
import { listNetworks, type ListedNetwork } from '../engine/networks.ts';
import type { judgeOwner } from '../ownership/judge-owner.ts';
import { parseSession } from '../ownership/owner.ts';
import type { LocalhostForwardOptions } from '../types.ts';
import { idOfBridge, labels, parsePortsLabel, type MarkedPort } from '../ownership/names.ts';
import { readPortSigns } from '../ownership/port-signs.ts';
import { judgeByEngine } from './judge-by-engine.ts';

/** A forward's network on this machine's engine, with its owner. */
export interface ListedForward {
  readonly id: string;
  readonly networkName: string;
  readonly networkId: string;
  readonly bridgeName: string;
  readonly subnet: string;
  /** Those of now, where {@link isCurrent} says so, and else those that it was opened with. */
  readonly ports: readonly MarkedPort[];
  /** Whether what came and went later is among them: it is where the owner may be looked at from here, so not another user's. */
  readonly isCurrent: boolean;
  /** As its label says it: ISO 8601. */
  readonly created: string;
  /** The owner's process, undefined where the label does not tell. */
  readonly pid?: number;
  /** What that process runs, where it is alive and may be read. */
  readonly command?: string;
  /** `'alive'`: also where nothing here tells otherwise. `'elsewhere'`: of another host or pid namespace, or told by nothing here. */
  readonly alive: 'alive' | 'dead' | 'elsewhere';
  readonly session: string;
}

/** The forwards that are open now, and those that dead owners left, oldest first. @throws LHF_ERR_DOCKER_UNAVAILABLE */
export const listForwards = async ({ docker }: Pick<LocalhostForwardOptions, 'docker'> = {}): Promise<
  ListedForward[]
> => {
  const engine = await connectEngine(docker);
  const networks = await listNetworks(engine.docker, labels.session);
  const judge = await judgeByEngine(
    networks.map((network) => network.labels[labels.session]),
    { engine },
  );
  const forwards = await Promise.all(networks.map((network) => describe(network, judge)));
  return forwards.toSorted((a, b) => a.created.localeCompare(b.created));
};

const describe = async (network: ListedNetwork, judge: typeof judgeOwner): Promise<ListedForward> => {
  const session = network.labels[labels.session] ?? '';
  const owner = parseSession(session);
  const alive = owner === undefined ? 'elsewhere' : judge(owner).state;
  const command = owner !== undefined && alive === 'alive' ? await readCommand(owner.pid) : undefined;
  const bridgeName = network.labels[labels.bridge] ?? network.bridge;
  const first = parsePortsLabel(network.labels[labels.ports] ?? '');
  const now = owner !== undefined && alive === 'alive' ? await readPortSigns(bridgeName, owner.pid, first) : undefined;
  return {
    id: idOfBridge(bridgeName) ?? bridgeName,
    networkName: network.name,
    networkId: network.id,
    bridgeName,
    subnet: network.subnets[0] ?? '',
    ports: now ?? first,
    isCurrent: now !== undefined,
    created: network.labels[labels.created] ?? '',
    ...(owner === undefined ? {} : { pid: owner.pid }),
    ...(command === undefined ? {} : { command }),
    alive,
    session,
  };
};

const readCommand = async (pid: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const command = text.split('\0').join(' ').trim();
  return command === '' ? undefined : command;
};
