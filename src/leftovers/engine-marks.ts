import type { Engine } from '../engine/engine.ts';
import { listContainers } from '../engine/containers.ts';
import { listNetworks } from '../engine/networks.ts';
import { labels } from '../ownership/names.ts';
import type { Found } from './leftover.ts';

/** Networks and containers that carry our label; with a session, those of that session only. */
export const findEngineMarks = async ({ docker }: Pick<Engine, 'docker'>, session?: string): Promise<Found[]> => {
  const label = session === undefined ? labels.session : `${labels.session}=${session}`;
  const [networks, containers] = await Promise.all([listNetworks(docker, label), listContainers(docker, label)]);
  return [
    ...networks.map((network): Found => {
      const bridge = network.labels[labels.bridge] ?? network.bridge;
      return { kind: 'network', name: network.name, id: network.id, bridge, ...readLabels(network.labels) };
    }),
    ...containers.map((container): Found => {
      const bridge = container.labels[labels.bridge] ?? bridgeOfProbe(container.name);
      return { kind: 'container', name: container.name, id: container.id, bridge, ...readLabels(container.labels) };
    }),
  ];
};

const readLabels = (all: Readonly<Record<string, string>>): Pick<Found, 'session' | 'created'> => {
  const created = Date.parse(all[labels.created] ?? '');
  return { session: all[labels.session], ...(Number.isNaN(created) ? {} : { created }) };
};

const bridgeOfProbe = (name: string): string => {
  const id = /^lhf-probe-([0-9a-z]{8})\b/.exec(name)?.[1];
  return id === undefined ? '' : `lhf-${id}`;
};
