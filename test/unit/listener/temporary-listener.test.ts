import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { get, request } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readListeners } from '../../../src/host/listeners.ts';
import { noncePath } from '../../../src/listener/nonce-path.ts';
import { openTemporaryListener, type TemporaryListener } from '../../../src/listener/temporary-listener.ts';

const opened = async (...args: Parameters<typeof openTemporaryListener>): Promise<TemporaryListener> => {
  const listener = await openTemporaryListener(...args);
  if (listener === undefined) throw new Error('the port is taken');
  onTestFinished(() => listener.close());
  return listener;
};

const fetchText = async (port: number, path = '/'): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).text();

describe('by TCP', () => {
  it('listens on 127.0.0.1 alone, on a free port for 0', async () => {
    const { port } = await opened(0, 'tcp');
    expect(await readListeners(port, 'tcp')).toEqual([{ protocol: 'tcp', family: 4, address: '127.0.0.1', port }]);
  });

  it('tells who knows its nonce that, and where it was called from', async () => {
    const { port, nonce } = await opened(0, 'tcp');
    expect(JSON.parse(await fetchText(port, noncePath(nonce)))).toEqual({ nonce, seenFrom: '127.0.0.1' });
    expect(await fetchText(port)).toBe('localhost-forward\n');
    expect(await fetchText(port, noncePath('another'))).toBe('localhost-forward\n');
    expect((await opened(0, 'tcp')).nonce).not.toBe(nonce);
  });

  it('answers the rest with the user’s own function', async () => {
    const { port, nonce } = await opened(0, 'tcp', ({ url }, response) => void response.end(`mine ${url}`));
    expect(await fetchText(port, '/x')).toBe('mine /x');
    expect(await fetchText(port, noncePath(nonce))).toContain(nonce);
  });

  it('tells of connections that bring no request, and not of those that bring nothing', async () => {
    const told: boolean[] = [];
    const { port } = await opened(
      0,
      'tcp',
      Object.assign(() => undefined, { onNoRequest: (isTls: boolean) => void told.push(isTls) }),
    );
    const silent = connect(port, '127.0.0.1');
    await once(silent, 'connect');
    silent.resetAndDestroy();
    await once(silent, 'close');
    const secure = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(secure, 'error');
    expect(told).toEqual([true]);
    const asProxy = request({ port, host: '127.0.0.1', method: 'CONNECT', path: 'example.test:443' }).end();
    const [{ statusCode }] = (await once(asProxy, 'connect')) as [{ statusCode: number }];
    expect(statusCode).toBe(405);
    expect(told).toEqual([true, false]);
  });

  it('is closed whoever stays after it was dismissed, and a reset after that ends nothing', async () => {
    const listener = await openTemporaryListener(
      0,
      'tcp',
      Object.assign(() => undefined, { onNoRequest: () => undefined }),
    );
    const port = listener?.port ?? 0;
    const open = async (text: string): Promise<Socket> => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined).write(text);
      await once(socket, 'data');
      return socket;
    };
    const stays = await open('CONNECT example.test:443 HTTP/1.1\r\nHost: example.test\r\n\r\n');
    (await open('CONNECT example.test:443 HTTP/1.1\r\nHost: example.test\r\n\r\n')).resetAndDestroy();
    await open('no http\r\n\r\n');
    await listener?.close();
    stays.destroy();
  });

  it.each(['127.0.0.1', '0.0.0.0', '::'])('is none where somebody listens on %s', async (host) => {
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen({ host, port: 0 }, resolve);
    });
    onTestFinished(() => void server.close());
    expect(await openTemporaryListener((server.address() as AddressInfo).port, 'tcp')).toBeUndefined();
  });

  it('gives its port back at once, whoever is still connected', async () => {
    const listener = await opened(0, 'tcp', () => undefined);
    const idle = connect({ host: '127.0.0.1', port: listener.port });
    const asking = get({ host: '127.0.0.1', port: listener.port });
    const closed = [idle, asking].map(
      (one) => new Promise<void>((resolve) => void one.once('close', resolve).on('error', () => undefined)),
    );
    await Promise.all([
      new Promise((resolve) => idle.once('connect', resolve)),
      new Promise((resolve) => asking.once('finish', resolve)),
    ]);
    await listener.close();
    expect((await opened(listener.port, 'tcp')).port).toBe(listener.port);
    idle.destroy();
    await Promise.all(closed);
  });
});

describe('by UDP', () => {
  const client = async (): Promise<UdpSocket> => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind({ address: '127.0.0.1', port: 0 }, resolve);
    });
    onTestFinished(() => void socket.close());
    return socket;
  };

  it('answers its nonce, and nothing else', async () => {
    const { port, nonce } = await opened(0, 'udp');
    const [prober, stranger] = await Promise.all([client(), client()]);
    const [answer, word] = [prober, stranger].map((socket) =>
      once(socket, 'message').then(([message]) => String(message)),
    );
    const send = (from: UdpSocket, text: string, to: number): Promise<void> =>
      new Promise((resolve) => from.send(text, to, '127.0.0.1', () => resolve()));
    for (const text of ['', 'another', `${nonce} `]) await send(stranger, text, port);
    await send(prober, nonce, port);
    expect(JSON.parse((await answer) ?? '')).toEqual({ nonce, seenFrom: '127.0.0.1' });
    // By now the stranger would have been answered, before this.
    await send(prober, 'the first word', stranger.address().port);
    expect(await word).toBe('the first word');
  });

  it('is none where somebody listens', async () => {
    expect(await openTemporaryListener((await client()).address().port, 'udp')).toBeUndefined();
  });

  it('gives its port back, and does not mind TCP on it', async () => {
    // None of those that the kernel gives to whoever connects somewhere meanwhile.
    const port = 30_000 + (process.pid % 2_000);
    const listener = await opened(port, 'udp');
    await opened(port, 'tcp');
    await listener.close();
    const again = await openTemporaryListener(port, 'udp');
    expect(again?.port).toBe(port);
    await again?.close();
    await again?.close();
  });
});
