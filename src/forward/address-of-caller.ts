import { callersHidden, portUntold, type Peer } from '../capture/callers.ts';
import { LocalhostForwardError } from '../errors.ts';
import type { Endpoint } from '../host/sockets.ts';
import type { ProbedPort, ProofContext } from '../proof/context.ts';

/**
 * The container's address, from the one that a service sees: where something of ours accepts connections and makes others to the service,
 * it alone knows for whom each was made.
 *
 * @throws LHF_ERR_UNSUPPORTED where that is not known here.
 */
export const addressOfCaller = async (
  { address, port }: Peer,
  {
    route,
    ports,
    strategy,
    names,
  }: Pick<ProofContext, 'ports' | 'strategy' | 'names'> & {
    readonly route: Pick<ProofContext['route'], 'isRelay' | 'hidesCallers' | 'callerBehind'>;
  },
): Promise<string> => {
  // What is not this host's own is a container's: the engine knows whose.
  if (!isLoopback(address)) return address;
  const relayed = route.isRelay ? ports() : ports().filter(({ hostAddress }) => hostAddress === '::1');
  if (route.hidesCallers === true || (route.isRelay && route.callerBehind === undefined)) throw callersHidden(strategy);
  if (relayed.length === 0) return address;
  if (port === undefined) throw portUntold(strategy, address);
  for (const one of relayed) {
    const caller = await behind(route, one, { address, port });
    if (caller !== undefined) return caller.address;
  }
  if (!route.isRelay && relayed.some(({ callerBehind }) => callerBehind === undefined))
    throw new LocalhostForwardError('LHF_ERR_UNSUPPORTED', {
      what: `Who calls a service on ::1 is known in the process that opened ${names.bridge}, and this is another one`,
      try: 'ask the forward in the process that opened it',
    });
  return address;
};

const behind = async (
  route: Pick<ProofContext['route'], 'isRelay' | 'callerBehind'>,
  port: ProbedPort,
  end: Endpoint,
): Promise<Endpoint | undefined> => (route.isRelay ? route.callerBehind?.(port, end) : port.callerBehind?.(end));

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
