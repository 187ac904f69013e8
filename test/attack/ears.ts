import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

const places = {
  /** Forwarded. */
  service: '127.0.0.1',
  /** The service's port number on another loopback address, which nobody forwards. */
  beside: '127.0.0.2',
  secret: '127.0.0.1',
  other: '127.1.2.3',
  /** What every bridge's gateway shows anyway: of interest is as whom somebody comes. */
  everywhere: '0.0.0.0',
} as const;

type Place = keyof typeof places;

/** Services of this host that hear what comes through: UDP at each place, TCP at two of them. */
export interface Ears extends AsyncDisposable {
  readonly udp: Readonly<Record<Place, number>>;
  readonly tcp: { readonly service: number; readonly secret: number };
  /** Where each of these texts was heard until now. All of it: what is in a socket's queue is read first. */
  heard(text: string): Promise<Place[]>;
}

export const openEars = async (): Promise<Ears> => {
  const service = await bind(places.service, 0);
  const port = service.address().port;
  const sockets: Record<Place, Socket> = {
    service,
    beside: await bind(places.beside, port),
    secret: await bind(places.secret, 0),
    other: await bind(places.other, 0),
    everywhere: await bind(places.everywhere, 0),
  };
  const names = Object.keys(sockets) as Place[];
  const texts = new Map(names.map((name) => [name, new Set<string>()]));
  const waiting = new Map<string, () => void>();
  for (const [name, socket] of Object.entries(sockets) as [Place, Socket][])
    socket.on('message', (message) => {
      const text = message.toString();
      texts.get(name)?.add(text);
      waiting.get(`${name} ${text}`)?.();
    });
  const servers = await Promise.all([listen(), listen()]);
  const [tcpService = 0, tcpSecret = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  const sender = createSocket('udp4');
  let asked = 0;
  return {
    udp: Object.fromEntries(names.map((name) => [name, sockets[name].address().port])) as Record<Place, number>,
    tcp: { service: tcpService, secret: tcpSecret },
    heard: async (text) => {
      asked += 1;
      await Promise.all(
        names.map(
          (name) =>
            new Promise<void>((resolve) => {
              waiting.set(`${name} now ${asked}`, resolve);
              const { address, port: at } = sockets[name].address();
              sender.send(`now ${asked}`, at, address === '0.0.0.0' ? '127.0.0.1' : address);
            }),
        ),
      );
      waiting.clear();
      return names.filter((name) => texts.get(name)?.has(text));
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of [...Object.values(sockets), sender]) socket.close();
      for (const server of servers) server.close();
    },
  };
};

const bind = async (address: string, port: number): Promise<Socket> => {
  const socket = createSocket('udp4');
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
};

const listen = async () => {
  const server = createServer((socket) => socket.on('error', () => undefined).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};
