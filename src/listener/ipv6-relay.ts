import { openTcpRelay, type TcpRelay } from './tcp-relay.ts';

/**
 * A free port of 127.0.0.1 that stands for a TCP service on `[::1]:port`: the kernel translates no IPv4 packet to ::1. The service
 * sees ::1 as its caller.
 *
 * @param eitherLoopback - Whether a service that is on 127.0.0.1 after a restart is the same one, as where nobody named an address.
 */
export const openIpv6Relay = (port: number, eitherLoopback: boolean): Promise<TcpRelay> => {
  const otherwise = { host: '127.0.0.1', port } as const;
  const target = { host: '::1', port, ...(eitherLoopback ? { otherwise } : {}) } as const;
  return openTcpRelay({ address: '127.0.0.1', port: 0, target: () => target });
};
