import { openTcpRelay, type TcpRelay } from './tcp-relay.ts';

/**
 * A free port of 127.0.0.1 that stands for a TCP service on `[::1]:port`: the kernel translates no IPv4 packet to ::1. The service
 * sees ::1 as its caller.
 */
export const openIpv6Relay = (port: number): Promise<TcpRelay> =>
  openTcpRelay({ address: '127.0.0.1', port: 0, target: () => ({ host: '::1', port }) });
