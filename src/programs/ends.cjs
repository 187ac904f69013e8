// @ts-check
/*
 * Sockets without streams: a connection's end as the few calls that carrying takes, and how one is got: by listening, or by dialling.
 */
const net = require('node:net');
const { getSystemErrorName } = require('node:util');
const { bindings, HandleEnd, hasHandles } = require('./handle-end.cjs');
const { SocketEnd } = require('./socket-end.cjs');

/** @typedef {{ readonly address: string, readonly port: number }} Endpoint */
/** @typedef {{ readonly host: string, readonly port: number } | { readonly path: string }} Place */
/**
 * What an end tells. `bytes` may give another buffer for what comes next.
 * @typedef {{ bytes(bytes: Uint8Array): Uint8Array | undefined, end(): void, fail(): void }} Reader
 */
/**
 * @typedef {object} End
 * @property {(buffer: Uint8Array, reader: Reader) => void} read Begins to read. Once.
 * @property {() => void} pause
 * @property {() => void} resume
 * @property {(bytes: Uint8Array, done: (isWhole: boolean) => void) => 'taken' | 'waits' | 'failed'} write Calls `done` only where it waits.
 * @property {(done: () => void) => void} end Says that nothing more will be written.
 * @property {() => void} reset Closes it so that the other side is told of a failure.
 * @property {() => void} close
 * @property {() => Endpoint} local
 * @property {() => Endpoint} remote
 */
/** @typedef {{ readonly port: number, readonly close: () => void }} Listening */

const backlog = 1_024;
const ipv6Only = 1;

/** @param {number} status @param {string} call */
const check = (status, call) => {
  if (status === 0) return;
  const code = getSystemErrorName(status);
  throw Object.assign(new Error(`${call}: ${code}`), { code });
};

/**
 * Listens; rejects with the system's error. What cannot be accepted is nobody's failure, and must not end the process.
 * @type {(at: Endpoint | { readonly path: string }, onEnd: (end: End) => void, withHandles?: boolean) => Promise<Listening>}
 */
const listen = async (at, onEnd, withHandles = hasHandles) => {
  if (!withHandles) return listenWithSockets(at, onEnd);
  const { TCP, Pipe, constants, pipeConstants } = bindings;
  const server = 'path' in at ? new Pipe(pipeConstants.SERVER) : new TCP(constants.SERVER);
  server.onconnection = (/** @type {number} */ status, /** @type {any} */ handle) => {
    if (status === 0) onEnd(new HandleEnd(handle));
  };
  try {
    check(bind(server, at), 'bind');
    check(server.listen(backlog), 'listen');
  } catch (error) {
    server.close();
    throw error;
  }
  const out = { port: 0 };
  if (!('path' in at)) server.getsockname(out);
  return { port: out.port, close: () => server.close() };
};

/** @param {any} server @param {Endpoint | { readonly path: string }} at @returns {number} */
const bind = (server, at) => {
  if ('path' in at) return server.bind(at.path);
  return at.address.includes(':') ? server.bind6(at.address, at.port, ipv6Only) : server.bind(at.address, at.port);
};

/** @type {(at: Endpoint | { readonly path: string }, onEnd: (end: End) => void) => Promise<Listening>} */
const listenWithSockets = async (at, onEnd) => {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) =>
    onEnd(new SocketEnd(socket)),
  );
  const place = 'path' in at ? at : { host: at.address, port: at.port, exclusive: true };
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen({ ...place, backlog }, () => resolve(undefined));
  });
  server.on('error', () => undefined);
  const bound = server.address();
  return { port: typeof bound === 'object' ? (bound?.port ?? 0) : 0, close: () => void server.close() };
};

/** @type {(place: Place, done: (end: End | undefined) => void, withHandles?: boolean) => void} */
const dial = (place, done, withHandles = hasHandles) => {
  if (!withHandles) {
    const socket = net.connect({ ...place, allowHalfOpen: true, noDelay: true });
    const fail = () => done(undefined);
    socket.once('error', fail).once('connect', () => {
      socket.off('error', fail);
      done(new SocketEnd(socket));
    });
    return;
  }
  const { TCP, TCPConnectWrap, Pipe, PipeConnectWrap, constants, pipeConstants } = bindings;
  const isPipe = 'path' in place;
  const handle = isPipe ? new Pipe(pipeConstants.SOCKET) : new TCP(constants.SOCKET);
  const request = isPipe ? new PipeConnectWrap() : new TCPConnectWrap();
  /** @param {number} status */
  const settle = (status) => {
    if (status < 0) handle.close();
    done(status < 0 ? undefined : new HandleEnd(handle));
  };
  request.oncomplete = settle;
  const status = isPipe
    ? (handle.connect(request, place.path) ?? 0)
    : handle[place.host.includes(':') ? 'connect6' : 'connect'](request, place.host, place.port);
  if (status < 0) settle(status);
};

module.exports = { dial, hasHandles, listen };
