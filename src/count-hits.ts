import { notForwarded } from './describe-forward.ts';
import type { RulesReader } from './strategies/strategy.ts';
import type { ForwardedPort, Hits, Port } from './types.ts';

/** What came through one port, or through all of them together. */
export const countHits = async (
  rules: Pick<RulesReader, 'hits'>,
  net: { readonly networkName: string; readonly ports: readonly ForwardedPort[] },
  containerPort: Port | undefined,
): Promise<Hits> => {
  const wanted = net.ports.filter((port) => containerPort === undefined || port.containerPort === containerPort);
  if (containerPort !== undefined && wanted.length === 0) throw notForwarded(containerPort, net);
  const hits = await Promise.all(wanted.map((port) => rules.hits(port)));
  const sum = (part: keyof Hits): number => hits.reduce((total, one) => total + one[part], 0);
  return { connections: sum('connections'), packets: sum('packets'), bytes: sum('bytes') };
};
