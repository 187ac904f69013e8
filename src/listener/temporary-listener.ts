import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { noncePath } from './nonce-path.ts';
import type { Protocol, RequestListener } from '../types.ts';

/** Something of ours on 127.0.0.1 that a probe can recognise. */
export interface TemporaryListener {
  readonly port: number;
  /** What the probe sends and gets back. */
  readonly nonce: string;
  close(): Promise<void>;
}

/** What answers requests, and what is told of each connection that brings none: whether it began as TLS does. */
export type Answering = RequestListener & { readonly onNoRequest?: (isTls: boolean) => void };

/** Free ports that this process was given. Whoever asked for one listens there later, and must not find another forward's listener. */
const given = new Set<number>();

/**
 * Listens on 127.0.0.1; port 0 takes a free one that nobody here was given before, and keeps it, so that nobody else can have it in
 * between. Returns undefined where somebody listens there already.
 */
export const openTemporaryListener = async (
  port: number,
  protocol: Protocol,
  listener: Answering = answerPlainly,
): Promise<TemporaryListener | undefined> => {
  const passed: TemporaryListener[] = [];
  try {
    for (;;) {
      const ours = await (protocol === 'udp' ? listenUdp(port) : listenTcp(port, listener));
      if (port !== 0 || !given.has(ours.port)) {
        given.add(ours.port);
        return ours;
      }
      // Held while the next one is taken, or that would be the same.
      passed.push(ours);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  } finally {
    await Promise.all(passed.map((one) => one.close()));
  }
};

/** The first byte of a TLS connection (RFC 8446, 5.1). */
const tlsHandshake = 0x16;

const listenTcp = async (port: number, listener: Answering): Promise<TemporaryListener> => {
  // Taken so when used: imported as a module it brings WebSocket and fetch along, a third of what importing this package would cost.
  const { createServer } = process.getBuiltinModule('node:http');
  const nonce = randomUUID();
  const server = createServer((request, response) =>
    request.url === noncePath(nonce) ? answerNonce(nonce, request, response) : listener(request, response),
  );
  const { onNoRequest } = listener;
  if (onNoRequest !== undefined)
    server
      .on('clientError', (error: NodeJS.ErrnoException & { rawPacket?: Buffer }, socket: Duplex) => {
        // Whoever hangs up has said nothing.
        if (error.code?.startsWith('HPE_') === true) onNoRequest(error.rawPacket?.[0] === tlsHandshake);
        dismiss(socket, '400 Bad Request');
      })
      .on('connect', (_request, socket: Duplex) => {
        onNoRequest(false);
        dismiss(socket, '405 Method Not Allowed');
      });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host: '127.0.0.1', port, exclusive: true }, resolve);
  });
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    nonce,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** The server counts such a socket as none of its own any more: whoever stays on it is not to keep it from closing, nor end this process. */
const dismiss = (socket: Duplex, status: string): void =>
  void socket
    .on('error', () => undefined)
    .end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`, () => socket.destroy());

const listenUdp = async (port: number): Promise<TemporaryListener> => {
  const nonce = randomUUID();
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).bind({ address: '127.0.0.1', port, exclusive: true }, resolve);
  });
  socket.on('message', (message, from) => {
    if (message.toString() === nonce)
      socket.send(JSON.stringify({ nonce, seenFrom: from.address }), from.port, from.address);
  });
  socket.unref();
  // Handed over and then closed: a socket, unlike a server, minds being closed twice.
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= new Promise((resolve) => void socket.close(() => resolve())));
  return { port: socket.address().port, nonce, close };
};

const answerNonce = (nonce: string, { socket }: IncomingMessage, response: ServerResponse): void => {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ nonce, seenFrom: socket.remoteAddress }));
};

const answerPlainly: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'text/plain').end('localhost-forward\n');
};
