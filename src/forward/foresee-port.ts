import type { PlannedPort, ResolvedOptions } from '../options/options.ts';
import type { PortMapping } from '../strategies/strategy.ts';
import { isListedOnIpv6Only, isListening, mappingOf, type OpenPort } from './ports.ts';

/** A port as it would be opened, and what of ours would listen for it: a sentence each. */
export interface ForeseenPort {
  readonly port: OpenPort;
  readonly notes: readonly string[];
}

/** What {@link openPort} would come to, where nothing is to be opened: 0 stands for each port that it would pick. */
export const foreseePort = async (
  plan: PlannedPort,
  { verify }: Pick<ResolvedOptions, 'verify'>,
): Promise<ForeseenPort> => {
  const { hostPort, protocol, hostAddress } = plan;
  const mapping = mappingOf(plan, hostPort);
  const place = `127.0.0.1:${hostPort} (${protocol})`;
  if (hostPort === 0)
    return {
      port: { ...nothing, mapping },
      notes: [`${place}: a free port is picked, and kept by a listener of ours`],
    };
  const isOnIpv6 = hostAddress === '::1' || (hostAddress === undefined && (await isListedOnIpv6Only(plan)));
  if (isOnIpv6 && protocol === 'tcp') {
    const relay = `[::1]:${hostPort}: a relay of ours listens on a free port of 127.0.0.1`;
    return foreseeService({ ...mapping, hostAddress: '::1', targetPort: 0 }, `[::1]:${hostPort}`, verify, [relay]);
  }
  return foreseeService(mapping, place, verify);
};

const foreseeService = async (
  mapping: PortMapping,
  place: string,
  verify: ResolvedOptions['verify'],
  notes: readonly string[] = [],
): Promise<ForeseenPort> => {
  if (verify === false || (await isListening(mapping))) return { port: { ...nothing, mapping }, notes };
  const trial = { mapping: { ...mapping, targetPort: 0 }, nonce: '' };
  const listener = `${place}: nothing listens yet, and probes are led to a listener of ours on a free port of 127.0.0.1`;
  return { port: { ...nothing, mapping, trial: () => trial }, notes: [...notes, listener] };
};

const nothing = {
  nonce: () => undefined,
  trial: () => undefined,
  tryOut: async () => undefined,
  handOver: async () => undefined,
  close: async () => undefined,
};
