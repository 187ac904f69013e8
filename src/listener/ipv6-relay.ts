import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A port of 127.0.0.1 that stands for a service on ::1: the kernel translates no IPv4 packet to ::1. */
export interface Ipv6Relay {
  readonly port: number;
  close(): Promise<void>;
}

/** Relays TCP from a free port of 127.0.0.1 to `[::1]:port`. The service sees ::1 as its caller. */
export const openIpv6Relay = async (port: number): Promise<Ipv6Relay> => {
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.setNoDelay().once('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (caller) => {
    const service = track(connect({ host: '::1', port, allowHalfOpen: true }));
    track(caller);
    // Whoever breaks, the other is told so at once; an absent service means a reset, as close to "refused" as a relay can come.
    service.once('error', () => caller.resetAndDestroy());
    caller.once('error', () => service.resetAndDestroy());
    service.once('connect', () => {
      caller.pipe(service);
      service.pipe(caller);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
