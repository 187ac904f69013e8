import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyDetails, readListeners, takesLoopback4, takesLoopback6 } from '../../../src/host/listeners.ts';

const listen = async (host: string, port = 0, ipv6Only = false): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port, ipv6Only }, resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const bind = async (type: 'udp4' | 'udp6', address: string, port = 0): Promise<number> => {
  const socket = createSocket({ type, reuseAddr: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind({ address, port }, resolve);
  });
  onTestFinished(() => void socket.close());
  return socket.address().port;
};

describe('a TCP listener', () => {
  it.each([
    ['127.0.0.1', 4, '127.0.0.1', true, false],
    ['127.1.2.3', 4, '127.1.2.3', false, false],
    ['0.0.0.0', 4, '0.0.0.0', true, false],
    ['::1', 6, '::1', false, true],
    ['::', 6, '::', true, true],
    ['::ffff:127.0.0.1', 6, '::ffff:127.0.0.1', true, false],
  ] as const)('on %s is seen', async (host, family, address, four, six) => {
    const port = await listen(host);
    const listeners = await readListeners(port, 'tcp');
    expect(listeners).toEqual([{ protocol: 'tcp', family, address, port }]);
    expect([listeners.some(takesLoopback4), listeners.some(takesLoopback6)]).toEqual([four, six]);
    expect(await readListeners(port, 'udp')).toEqual([]);
  });

  it('on both loopbacks is seen twice', async () => {
    const port = await listen('127.0.0.1');
    await listen('::1', port, true);
    expect((await readListeners(port, 'tcp')).map(({ address }) => address)).toEqual(['127.0.0.1', '::1']);
  });
});

it.each([
  ['udp4', '127.0.0.1'],
  ['udp6', '::1'],
] as const)('a %s socket on %s is seen', async (type, address) => {
  const port = await bind(type, address);
  expect(await readListeners(port, 'udp')).toEqual([
    { protocol: 'udp', family: type === 'udp4' ? 4 : 6, address, port },
  ]);
});

it('an address that two sockets share is told once', async () => {
  const port = await bind('udp4', '127.0.0.1');
  await bind('udp4', '127.0.0.1', port);
  expect(await readListeners(port, 'udp')).toHaveLength(1);
});

it('connections and closed listeners are none', async () => {
  const { connect } = await import('node:net');
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => {
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  onTestFinished(() => void client.destroy());
  await new Promise((resolve) => client.resume().once('end', resolve));
  server.close();
  expect(await readListeners(port, 'tcp')).toEqual([]);
});

it.each([
  ['LISTEN 0 128 *:80 *:*', {}],
  ['LISTEN 0 128 [::]:80 [::]:*', { isIpv6Only: true }],
  ['LISTEN 0 128 [::]%lo:80 [::]:*', { isIpv6Only: true, device: 'lo' }],
  ['', {}],
])('what ss tells of a listener on all addresses: %s', (listing, told) => {
  const listener = { protocol: 'tcp', family: 6, address: '::', port: 80 } as const;
  const [detailed] = applyDetails([listener], `${listing}\n`);
  expect(detailed).toEqual({ ...listener, ...told, ...(listing !== '' && { isFull: false }) });
  expect(takesLoopback4(detailed ?? listener)).toBe(!('isIpv6Only' in told));
});

it('a listener takes no more in where more wait for it than it lets', () => {
  const listener = { protocol: 'tcp', family: 4, address: '127.0.0.1', port: 80 } as const;
  const told = (line: string) => applyDetails([listener], line)[0]?.isFull;
  expect(told('LISTEN 2 1 127.0.0.1:80 0.0.0.0:*')).toBe(true);
  expect(told('LISTEN 1 1 127.0.0.1:80 0.0.0.0:*')).toBe(false);
  // Of a UDP socket they are bytes.
  expect(told('UNCONN 2304 0 127.0.0.1:80 0.0.0.0:*')).toBeUndefined();
});

it('two listeners of one address are bound where both are', () => {
  const listener = { protocol: 'tcp', family: 4, address: '127.0.0.1', port: 80 } as const;
  const lines = (...devices: string[]): string =>
    devices.map((device) => `LISTEN 0 1 127.0.0.1${device}:80 0.0.0.0:*`).join('\n');
  expect(applyDetails([listener], lines('%lo', '%lo'))).toEqual([{ ...listener, device: 'lo', isFull: false }]);
  expect(applyDetails([listener], lines('%lo', ''))).toEqual([{ ...listener, isFull: false }]);
});
