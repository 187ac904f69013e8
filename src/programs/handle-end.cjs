// @ts-check
/* A connection's end as Node's own handle, by which a connection costs half and bulk two thirds of what it costs with streams. */

/** @import { End, Endpoint } from './ends.cjs' */

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

module.exports = { HandleEnd, bindings, hasHandles };
