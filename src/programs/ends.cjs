// @ts-check
/*
 * Sockets without streams: a connection's end as the few calls that carrying takes. They are Node's own handles, by which a connection
 * costs half and bulk two thirds of what it costs with streams. A Node that gives no handles gets the same from its sockets.
 */
const net = require('node:net');
const { getSystemErrorName } = require('node:util');

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

/** Node's own, or undefined where it keeps them to itself. @type {any} */
const bindings = (() => {
  // Nobody who runs a test can do anything about it.
  Object.assign(process, { noDeprecation: true });
  try {
    const binding = /** @type {any} */ (process).binding;
    return { ...binding('tcp_wrap'), ...pipeOf(binding('pipe_wrap')), ...binding('stream_wrap') };
  } catch {
    return undefined;
  }
})();

/** @param {any} wrap */
function pipeOf({ Pipe, PipeConnectWrap, constants }) {
  return { Pipe, PipeConnectWrap, pipeConstants: constants };
}

const hasHandles = [
  'TCP',
  'TCPConnectWrap',
  'Pipe',
  'PipeConnectWrap',
  'WriteWrap',
  'ShutdownWrap',
  'streamBaseState',
].every((name) => bindings?.[name] !== undefined);

const endOfFile = -4095;
const backlog = 1_024;
const ipv6Only = 1;

/** @implements {End} */
class HandleEnd {
  #isClosed = false;
  #isEnding = false;
  #writes = 0;

  /** @param {any} handle */
  constructor(handle) {
    this.handle = handle;
  }

  /** @type {End['read']} */
  read(buffer, reader) {
    const { streamBaseState: state, kReadBytesOrError } = bindings;
    let current = buffer;
    this.handle.useUserBuffer(buffer);
    this.handle.onread = () => {
      const count = state[kReadBytesOrError];
      if (count > 0) {
        const next = reader.bytes(count === current.length ? current : current.subarray(0, count));
        if (next !== undefined) current = next;
        return next;
      }
      if (count === endOfFile) {
        this.handle.readStop();
        reader.end();
      } else if (count < 0) reader.fail();
      return undefined;
    };
    this.handle.readStart();
  }

  pause() {
    if (!this.#isClosed) this.handle.readStop();
  }

  resume() {
    if (!this.#isClosed) this.handle.readStart();
  }

  /** @type {End['write']} */
  write(bytes, done) {
    if (this.#isClosed) return 'failed';
    // The first goes at once anyway, and most connections of a test say one thing only. A unix socket knows no delay.
    this.#writes += 1;
    if (this.#writes === 2) this.handle.setNoDelay?.(true);
    const request = new bindings.WriteWrap();
    request.oncomplete = (/** @type {number} */ status) => done(status >= 0);
    if (this.handle.writeBuffer(request, bytes) < 0) return 'failed';
    return bindings.streamBaseState[bindings.kLastWriteWasAsync] ? 'waits' : 'taken';
  }

  /** @type {End['end']} */
  end(done) {
    if (this.#isClosed) return;
    this.#isEnding = true;
    const request = new bindings.ShutdownWrap();
    request.oncomplete = () => {
      this.#isEnding = false;
      done();
    };
    // Told at once where it is done at once, or cannot be.
    if (this.handle.shutdown(request) !== 0) request.oncomplete();
  }

  reset() {
    if (this.#isClosed) return;
    // While its end is being said it can only be closed.
    if (this.#isEnding || this.handle.reset === undefined || this.handle.reset() !== 0) this.handle.close();
    this.#isClosed = true;
  }

  close() {
    if (!this.#isClosed) this.handle.close();
    this.#isClosed = true;
  }

  local() {
    return this.#ask('getsockname');
  }

  remote() {
    return this.#ask('getpeername');
  }

  /** @param {'getsockname' | 'getpeername'} name @returns {Endpoint} */
  #ask(name) {
    const out = { address: '', port: 0 };
    if (!this.#isClosed) this.handle[name]?.(out);
    return { address: out.address ?? '', port: out.port ?? 0 };
  }
}

/** @implements {End} */
class SocketEnd {
  /** @param {net.Socket} socket */
  constructor(socket) {
    this.socket = socket.on('error', () => undefined);
  }

  /** @type {End['read']} */
  read(_buffer, reader) {
    this.socket.on('error', () => reader.fail());
    this.socket.on('end', () => reader.end());
    this.socket.on('data', (bytes) => void reader.bytes(bytes)).resume();
  }

  pause() {
    this.socket.pause();
  }

  resume() {
    this.socket.resume();
  }

  /** @type {End['write']} */
  write(bytes, done) {
    if (this.socket.destroyed) return 'failed';
    this.socket.write(bytes, (error) => done(error === null || error === undefined));
    return 'waits';
  }

  /** @type {End['end']} */
  end(done) {
    if (!this.socket.destroyed) this.socket.end(done);
  }

  reset() {
    if (this.socket.remoteFamily === undefined) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  close() {
    this.socket.destroy();
  }

  local() {
    return { address: this.socket.localAddress ?? '', port: this.socket.localPort ?? 0 };
  }

  remote() {
    return { address: this.socket.remoteAddress ?? '', port: this.socket.remotePort ?? 0 };
  }
}

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
