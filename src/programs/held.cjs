// @ts-check
/*
 * A caller that gets no answer for now: the kernel has accepted it, and nobody is dialled for it. What it says is kept, up to a bound, so
 * that it is seen when it gives up: who has gone is not carried on to a service later, as one whose SYN was dropped is not either.
 */
/** @import { End, Reader } from './ends.cjs' */

const bufferBytes = 16_384;
const mostKept = 65_536;

/** @implements {End} */
class HeldEnd {
  /** @type {Buffer[]} */
  #kept = [];
  #bytes = 0;
  /** @type {Reader | undefined} */
  #reader;
  #isPaused = false;

  /** @param {End} inner @param {() => void} onGone Called where it ends or fails before anybody reads it. */
  constructor(inner, onGone) {
    this.inner = inner;
    inner.read(Buffer.allocUnsafeSlow(bufferBytes), {
      bytes: (bytes) => (this.#reader === undefined ? this.#keep(bytes) : this.#reader.bytes(bytes)),
      end: () => (this.#reader === undefined ? onGone() : this.#reader.end()),
      fail: () => (this.#reader === undefined ? onGone() : this.#reader.fail()),
    });
  }

  /** @type {End['read']} */
  read(_buffer, reader) {
    this.#reader = reader;
    const kept = Buffer.concat(this.#kept);
    this.#kept = [];
    if (kept.length > 0) reader.bytes(kept);
    if (!this.#isPaused) this.inner.resume();
  }

  pause() {
    this.#isPaused = true;
    this.inner.pause();
  }

  resume() {
    this.#isPaused = false;
    this.inner.resume();
  }

  /** @type {End['write']} */
  write(bytes, done) {
    return this.inner.write(bytes, done);
  }

  /** @type {End['end']} */
  end(done) {
    this.inner.end(done);
  }

  reset() {
    this.inner.reset();
  }

  close() {
    this.inner.close();
  }

  local() {
    return this.inner.local();
  }

  remote() {
    return this.inner.remote();
  }

  /** @param {Uint8Array} bytes */
  #keep(bytes) {
    this.#kept.push(Buffer.from(bytes));
    this.#bytes += bytes.length;
    if (this.#bytes > mostKept) this.inner.pause();
    return undefined;
  }
}

module.exports = { HeldEnd };
