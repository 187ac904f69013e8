import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { readListeners } from '../../../src/host/listeners.ts';
import { openIpv6Relay } from '../../../src/listener/ipv6-relay.ts';
import type { TcpRelay } from '../../../src/listener/tcp-relay.ts';

const withResolvers = <T>() => {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((fulfil) => void (resolve = fulfil));
  return { promise, resolve };
};

// Below those that the kernel hands out: whoever is given a free port of 127.0.0.1 meanwhile, the relay too, has another number.
let lastPort = 20_000 + (process.pid % 10_000);

/** A service on ::1, and a relay in front of it. */
const relayed = async (
  serve: (socket: Socket) => void,
  eitherLoopback = false,
): Promise<TcpRelay & { readonly stop: () => void; readonly servicePort: number }> => {
  const server = createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host: '::1', port: (lastPort += 1) }, resolve);
  });
  onTestFinished(() => void server.close());
  const servicePort = lastPort;
  const relay = await openIpv6Relay(servicePort, eitherLoopback);
  onTestFinished(() => relay.close());
  return { ...relay, stop: () => void server.close(), servicePort };
};

const call = (port: number): Socket => {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  return socket;
};

const failureOf = async (socket: Socket): Promise<string | undefined> => {
  const [error] = (await once(socket.resume(), 'error')) as [NodeJS.ErrnoException];
  return error.code;
};

it('carries bytes both ways, from 127.0.0.1 alone, and the service sees ::1', async () => {
  const { port } = await relayed((socket) => {
    socket.write(`${socket.remoteAddress} `);
    socket.pipe(socket);
  });
  expect((await readListeners(port, 'tcp')).map(({ address }) => address)).toEqual(['127.0.0.1']);
  const sent = 'x'.repeat(3_000_000);
  expect(await text(call(port).end(sent))).toBe(`::1 ${sent}`);
});

it('resets who calls while the service is away', async () => {
  const { port, stop } = await relayed((socket) => socket.end('there'));
  expect(await text(call(port).end())).toBe('there');
  stop();
  expect(await failureOf(call(port))).toBe('ECONNRESET');
});

it.each([
  [true, 'follows a service that comes back on 127.0.0.1, where nobody named an address'],
  [false, 'leads to nobody on 127.0.0.1 where ::1 was named'],
])('(%s) %s', async (eitherLoopback) => {
  const { port, stop, servicePort } = await relayed((socket) => socket.end('on ::1'), eitherLoopback);
  expect(await text(call(port).end())).toBe('on ::1');
  stop();
  const other = createServer({ allowHalfOpen: true }, (socket) => socket.end('on 127.0.0.1'));
  await once(other.listen({ host: '127.0.0.1', port: servicePort }), 'listening');
  onTestFinished(() => void other.close());
  expect(eitherLoopback ? await text(call(port).end()) : await failureOf(call(port))).toBe(
    eitherLoopback ? 'on 127.0.0.1' : 'ECONNRESET',
  );
});

it('lets the caller end first and still hear the answer', async () => {
  const { port } = await relayed((socket) => {
    let heard = '';
    socket.on('data', (part) => (heard += part.toString())).on('end', () => socket.end(`heard ${heard}`));
  });
  expect(await text(call(port).end('all'))).toBe('heard all');
});

it('lets the service end first and still hear the caller', async () => {
  const { promise, resolve } = withResolvers<string>();
  const { port } = await relayed((socket) => {
    socket.end('bye');
    void text(socket).then(resolve);
  });
  const caller = call(port);
  expect(await text(caller)).toBe('bye');
  caller.end('one more thing');
  expect(await promise).toBe('one more thing');
});

it('passes a reset on, either way', async () => {
  const heard = withResolvers<string | undefined>();
  const { port } = await relayed((socket) => {
    socket.once('data', (part) => {
      if (part.toString() === 'reset me') socket.resetAndDestroy();
      else socket.write('go on');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => heard.resolve(error.code));
  });
  const caller = call(port);
  caller.write('reset me');
  expect(await failureOf(caller)).toBe('ECONNRESET');
  const other = call(port);
  other.write('hello');
  await once(other, 'data');
  other.resetAndDestroy();
  expect(await heard.promise).toBe('ECONNRESET');
});

it('ends every connection when it closes, and takes no more', async () => {
  const gone = withResolvers<void>();
  const relay = await relayed((socket) => {
    socket.write('hello');
    socket
      .resume()
      .once('end', () => gone.resolve())
      .once('error', () => gone.resolve());
  });
  const caller = call(relay.port);
  await once(caller, 'data');
  const ended = new Promise<void>(
    (resolve) =>
      void caller
        .resume()
        .once('end', resolve)
        .once('error', () => resolve()),
  );
  await relay.close();
  await Promise.all([ended, gone.promise]);
  expect(await failureOf(call(relay.port))).toBe('ECONNREFUSED');
});

it('tells the caller behind what a service sees, while it is connected', async () => {
  const { promise: accepted, resolve: accept } = withResolvers<Socket>();
  const { port, callerBehind } = await relayed((socket) => accept(socket.on('error', () => undefined)));
  const socket = call(port).on('error', () => undefined);
  const { remoteAddress: address = '', remotePort = 0 } = await accepted;
  expect(callerBehind({ address, port: remotePort })).toEqual({ address: '127.0.0.1', port: socket.localPort });
  expect(callerBehind({ address, port: remotePort + 1 })).toBeUndefined();
});
