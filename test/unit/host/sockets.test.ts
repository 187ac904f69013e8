import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import {
  endsOf,
  listOwnPorts,
  parseOwnPorts,
  parseSockets,
  readConnectionsFrom,
  type ConnectionEnd,
  type Endpoint,
} from '../../../src/host/sockets.ts';

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

it('reads the ends of a connection, and only those with the port', () => {
  const four =
    `${head}   0: 0100007F:1F98 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n` +
    '   1: 0100007F:1F98 020012C6:B0D4 01 00000000:00000000 00:00000000 00000000     0        0 2 1\n' +
    '   2: 0100007F:1F99 020012C6:B0D5 01 00000000:00000000 00:00000000 00000000     0        0 3 1\n';
  expect(parseSockets(four, 4, 45268)).toEqual([
    {
      family: 4,
      local: { address: '127.0.0.1', port: 8088 },
      remote: { address: '198.18.0.2', port: 45268 },
      state: '01',
      isOwned: true,
    },
  ]);
  const six = `${head}   0: 0000000000000000FFFF00000100007F:1F98 0000000000000000FFFF0000020012C6:B0D4 08 0:0 00:0 0 0 0 1\n`;
  expect(parseSockets(six, 6, 45268)).toMatchObject([
    { local: { address: '::ffff:127.0.0.1', port: 8088 }, remote: { address: '::ffff:198.18.0.2' }, state: '08' },
  ]);
  expect(parseSockets('', 4, 45268)).toEqual([]);
});

it('reads where programs of one user listen at the loopback', () => {
  const four =
    `${head}   0: 0100007F:1F98 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1\n` +
    '   1: 00000000:1F99 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2 1\n' +
    '   2: 0100007F:1F9A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1\n' +
    '   3: 010012C6:1F9B 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4 1\n' +
    '   4: 0100007F:1F9C 0100007F:B0D5 01 00000000:00000000 00:00000000 00000000  1000        0 5 1\n';
  expect(parseOwnPorts(four, 4, 1000)).toEqual([8088, 8089]);
  const six = `${head}   0: 00000000000000000000000001000000:1F98 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 1\n`;
  expect(parseOwnPorts(six, 6, 0)).toEqual([8088]);
  expect(parseOwnPorts(six, 6, undefined)).toEqual([]);
});

it('lists a port of ours that listens, and no more when it does not', async () => {
  const server = createServer();
  await once(server.listen({ host: '127.0.0.1', port: 0 }), 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await listOwnPorts()).toContain(port);
  await new Promise((resolve) => server.close(resolve));
  expect(await listOwnPorts()).not.toContain(port);
});

const open = async (host: string, onConnection: (socket: Socket) => void) => {
  const server = createServer(onConnection);
  await once(server.listen({ host, port: 0 }), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  await once(client, 'connect');
  return { port, client, from: { address: '127.0.0.1', port: client.localPort ?? 0 } };
};

// The kernel may give the client a port that another connection to another port, closed but not forgotten, had as well.
// Each once: the kernel's list is no snapshot, and on a busy host one may stand in it twice.
const endsAt = async (port: number, from: Endpoint): Promise<ConnectionEnd[]> => {
  const ends = (await readConnectionsFrom(from)).filter((end) => end.port === port);
  return [...new Map(ends.map((end) => [JSON.stringify(end), end])).values()];
};

it.each(['127.0.0.1', '::'])('a connection to a service on %s is seen where it arrived', async (host) => {
  const { port, from } = await open(host, (socket) => void socket.on('error', () => undefined));
  expect(await endsAt(port, from)).toEqual([{ address: '127.0.0.1', port, isOver: false, isWaiting: false }]);
});

it('a connection that the service has closed at once is seen, while the other end keeps it', async () => {
  const { port, client, from } = await open('127.0.0.1', (socket) => void socket.end());
  const ended = once(client, 'end');
  client.resume();
  await ended;
  expect(await endsAt(port, from)).toEqual([{ address: '127.0.0.1', port, isOver: false, isWaiting: false }]);
});

it('a connection that the service has reset is nowhere', async () => {
  const arriving = Promise.withResolvers<Socket>();
  const { port, client, from } = await open('127.0.0.1', (socket) => arriving.resolve(socket));
  const arrived = await arriving.promise;
  const failed = new Promise((resolve) => client.on('error', () => undefined).once('close', resolve));
  arrived.resetAndDestroy();
  await failed;
  expect(await endsAt(port, from)).toEqual([]);
});

it('listeners, strangers, and handshakes that are not through are no connection', () => {
  const from = { address: '198.18.0.2', port: 45268 };
  const local = { address: '127.0.0.1', port: 8088 };
  const socket = { family: 4, local, remote: from, state: '01', isOwned: true } as const;
  const others = [
    { ...socket, state: '0A' },
    { ...socket, state: '03' },
    { ...socket, remote: { ...from, address: '198.18.0.3' } },
    { ...socket, remote: { ...from, port: 1 } },
  ];
  expect(endsOf(others, from)).toEqual([]);
  const over = { ...socket, state: '06', isOwned: false };
  expect(endsOf([...others, over], from)).toEqual([{ ...local, isOver: true, isWaiting: false }]);
  // The kernel has shaken hands, and the program has not asked for anybody.
  expect(endsOf([{ ...socket, isOwned: false }], from)).toEqual([{ ...local, isOver: false, isWaiting: true }]);
});
