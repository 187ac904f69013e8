import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Where a caller's bytes go. */
export interface Target {
  readonly host: '127.0.0.1' | '::1';
  readonly port: number;
  /** Where instead, when nobody accepts there. */
  readonly otherwise?: Target;
}

export interface TcpRelayPlan {
  /** Where it listens; port 0 takes a free one. */
  readonly address: string;
  readonly port: number;
  /** Where a caller is led, asked for each. */
  readonly target: () => Target;
}

/** One end of a connection. */
export interface End {
  readonly address: string;
  readonly port: number;
}

/** A listening socket that carries connections on. */
export interface TcpRelay {
  readonly port: number;
  /** Who is at the other end of the connection that it made to its target from there, while there is one. */
  callerBehind(end: End): End | undefined;
  /** Ends established connections too, with a reset. */
  close(): Promise<void>;
}

/**
 * Listens and carries each connection on to its target, byte for byte: one side's end is the other side's end, one side's reset the
 * other's. Whoever's service does not accept gets a reset: a socket cannot refuse what the kernel
 * has accepted for it. Reading waits for the slower side (back-pressure is `pipe`'s).
 *
 * @throws The socket's own error where it cannot listen.
 */
export const openTcpRelay = async ({ address, port, target }: TcpRelayPlan): Promise<TcpRelay> => {
  const sockets = new Set<Socket>();
  /** Callers by what was made to the target for each. */
  const carried = new Map<Socket, End>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    // Connections keep no process alive that has nothing else to do, as packets that the kernel translates do not either.
    return socket
      .setNoDelay()
      .unref()
      .once('close', () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (caller) => {
    track(caller);
    const { remoteAddress = '', remotePort = 0 } = caller;
    let service: Socket | undefined;
    caller.once('error', () => service?.resetAndDestroy());
    const carryTo = ({ host, port: of, otherwise }: Target): void => {
      const socket = (service = track(connect({ host, port: of, allowHalfOpen: true })));
      socket.once('error', ({ code }: NodeJS.ErrnoException) => {
        if (otherwise !== undefined && code === 'ECONNREFUSED' && !caller.destroyed) carryTo(otherwise);
        else caller.resetAndDestroy();
      });
      carried.set(socket, { address: remoteAddress, port: remotePort });
      socket.once('close', () => carried.delete(socket));
      socket.once('connect', () => {
        caller.pipe(socket);
        socket.pipe(caller);
      });
    };
    carryTo(target());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host: address, port, exclusive: true }, resolve);
  });
  // A caller that the kernel lost is nobody's failure, and must not end the process.
  server.on('error', () => undefined).unref();
  return {
    port: (server.address() as AddressInfo).port,
    callerBehind: ({ address: at, port: from }) =>
      [...carried].find(([{ localAddress, localPort }]) => localAddress === at && localPort === from)?.[1],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.resetAndDestroy();
      }),
  };
};
