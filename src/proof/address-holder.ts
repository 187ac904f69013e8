import { listAttached, type ListedContainer } from '../engine/containers.ts';
import { labels } from '../ownership/names.ts';
import type { Destination } from './staying-probe.ts';

/** Who has the address that probes have on a network: undefined where no running container is seen to. */
export const findHolder = async ({
  docker,
  network,
}: Pick<Destination, 'docker' | 'network'>): Promise<ListedContainer | undefined> => {
  const attached = await listAttached(docker, network.id).catch(() => []);
  return attached.find(({ addresses }) => addresses.includes(network.probeAddress));
};

/** Whether it is a probe, which leaves when it has proven what it was asked for: by its mark, for anybody may choose its name. */
export const isProbe = (container: Pick<ListedContainer, 'labels'>): boolean =>
  container.labels[labels.bridge] !== undefined;
