import { describePruned } from '../../engine/helper-container.ts';
import { isLocalhostForwardError, LocalhostForwardError } from '../../errors.ts';
import type { Strategy as StrategyName } from '../../types.ts';
import type { Network, PortMapping } from '../strategy.ts';

/** Its address went with it. */
export const networkGone = (strategy: StrategyName, { name }: Network, error: unknown): LocalhostForwardError =>
  new LocalhostForwardError('LHF_ERR_NETWORK', describePruned(name), { cause: error, strategy });

export const cannotListen = (
  strategy: StrategyName,
  { address }: { readonly address: string },
  { hostPort, containerPort, protocol }: PortMapping,
  error: unknown,
): LocalhostForwardError => {
  if (isLocalhostForwardError(error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  // The service itself, as a rule: without an address, servers listen on all.
  const free = containerPort < 65_535 ? containerPort + 1 : 65_534;
  const elsewhere = `{ hostPort: ${hostPort}, containerPort: ${free}${protocol === 'udp' ? ", protocol: 'udp'" : ''} }`;
  const why = { EADDRINUSE: 'something listens there, or on all addresses', EACCES: 'ports below 1024 take root' };
  const what = `The ${strategy} cannot listen on ${address}:${containerPort}: ${why[code as 'EACCES'] ?? String(error)}`;
  const advice = {
    EADDRINUSE:
      hostPort === containerPort ? elsewhere : `ss -l${protocol === 'udp' ? 'u' : 't'}np 'sport = :${containerPort}'`,
    EACCES: '{ hostPort, containerPort: 8080 }, a port above 1023',
  };
  return new LocalhostForwardError(
    'LHF_ERR_PORT_IN_USE',
    { what, try: advice[code as 'EACCES'] ?? 'another container port' },
    { cause: error, strategy },
  );
};
