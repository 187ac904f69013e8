import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export interface ServiceOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0, any free port: of a TCP service one that no client is given. */
  readonly port?: number;
}

export interface Service extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Remote addresses of the callers, in order, one a connection or datagram. */
  readonly callers: readonly string[];
  close(): Promise<void>;
}

/** What {@link listenTcp} answers. */
export interface TcpAnswer {
  /** The caller's address as the service sees it. */
  readonly youAre: string;
  readonly marker: string;
}

export interface TcpService extends Service {
  /** A word of this service alone, so that an answer proves whose it is. */
  readonly marker: string;
}

/** An HTTP service that tells each caller who it is. */
export const listenTcp = async (options: ServiceOptions = {}): Promise<TcpService> => {
  const marker = `marker-${Math.random().toString(36).slice(2)}`;
  const server = createHttpServer((request, response) => {
    const answer: TcpAnswer = { youAre: request.socket.remoteAddress ?? '', marker };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  return { ...(await openServer(server, options)), marker };
};

/** A bare TCP service, whose sockets stay open in one direction when the other has ended. */
export const listenSockets = (onSocket: (socket: Socket) => void, options: ServiceOptions = {}): Promise<Service> =>
  openServer(createServer({ allowHalfOpen: true }, onSocket), options);

export interface UdpService extends Service {
  /** The datagrams' texts, in order. */
  readonly received: readonly string[];
}

/** Sends each datagram back to its caller. */
export const listenUdp = async ({ host = '127.0.0.1', port = 0 }: ServiceOptions = {}): Promise<UdpService> => {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const callers: string[] = [];
  const received: string[] = [];
  socket.on('message', (message, caller) => {
    callers.push(caller.address);
    received.push(message.toString());
    socket.send(message, caller.port, caller.address);
  });
  socket.bind(port, host);
  await once(socket, 'listening');
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= new Promise((resolve) => socket.close(() => resolve())));
  return { host, port: socket.address().port, callers, received, close, [Symbol.asyncDispose]: close };
};

const openServer = async (server: Server, { host = '127.0.0.1', port = 0 }: ServiceOptions): Promise<Service> => {
  const callers: string[] = [];
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    callers.push(socket.remoteAddress ?? '');
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await listenOn(server, host, port);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    }));
  return { host, port: (server.address() as AddressInfo).port, callers, close, [Symbol.asyncDispose]: close };
};

/** Below those that the kernel gives to whoever dials, so that a port that is let go is nobody's when it is listened on again. */
const pickPort = (): number => 10_000 + Math.floor(Math.random() * 20_000);

const listenOn = async (server: Server, host: string, port: number): Promise<void> => {
  for (;;) {
    server.listen(port === 0 ? pickPort() : port, host);
    try {
      await once(server, 'listening');
      return;
    } catch (error) {
      if (port !== 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
};
