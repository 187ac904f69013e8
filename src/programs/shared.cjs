// @ts-check
/*
 * The socket that a sidecar and our process share all the time. Everything there is a frame: a connection's number (4 bytes), a kind (1), a
 * length (3), and so many bytes.
 */
/** @import { End, Endpoint } from './ends.cjs' */

const frameBytes = 8;
/** Frames of one turn of the loop go together, so many at once. The longest is a datagram's. */
const batchBytes = 131_072;
/** More than this is not kept of datagrams that the other side does not take, in bytes. */
const mostQueued = 1_048_576;

const kinds = /** @type {const} */ ({ word: 0, open: 1, data: 2, end: 3, reset: 4, need: 5, moved: 6 });
const none = Buffer.alloc(0);

/** @param {number} port @param {Endpoint} caller */
const renderOpen = (port, caller) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE(port, 0);
  bytes.writeUInt16BE(caller.port, 2);
  caller.address.split('.').forEach((byte, n) => bytes.writeUInt8(Number(byte), 4 + n));
  return bytes;
};

/** @param {Buffer} bytes */
const parseOpen = (bytes) => ({
  port: bytes.readUInt16BE(0),
  caller: { address: [...bytes.subarray(4, 8)].join('.'), port: bytes.readUInt16BE(2) },
});

/** The shared socket. */
class Shared {
  #batch = Buffer.allocUnsafeSlow(batchBytes);
  #used = 0;
  #queued = 0;
  #rest = none;

  /** @param {End} end @param {(id: number, kind: number, payload: Buffer) => void} onFrame */
  constructor(end, onFrame) {
    this.end = end;
    this.onFrame = onFrame;
  }

  get isFull() {
    return this.#queued > mostQueued;
  }

  /** @param {number} id @param {number} kind @param {Uint8Array} payload */
  say(id, kind, payload) {
    const length = frameBytes + payload.length;
    if (this.#used + length > batchBytes) this.#flush();
    if (this.#used === 0) setImmediate(() => this.#flush());
    this.#batch.writeUInt32BE(id, this.#used);
    // Kind and length in one.
    this.#batch.writeUInt32BE(((kind << 24) | payload.length) >>> 0, this.#used + 4);
    this.#batch.set(payload, this.#used + frameBytes);
    this.#used += length;
  }

  #flush() {
    if (this.#used === 0) return;
    const bytes = this.#batch.subarray(0, this.#used);
    this.#used = 0;
    if (this.end.write(bytes, () => (this.#queued -= bytes.length)) !== 'waits') return;
    this.#queued += bytes.length;
    // It is being written from.
    this.#batch = Buffer.allocUnsafeSlow(batchBytes);
  }

  /** @param {Uint8Array} bytes */
  hear(bytes) {
    let all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.#rest.length > 0) all = Buffer.concat([this.#rest, all]);
    let at = 0;
    while (all.length - at >= frameBytes) {
      const kindAndLength = all.readUInt32BE(at + 4);
      const next = at + frameBytes + (kindAndLength & 0xff_ff_ff);
      if (next > all.length) break;
      this.onFrame(all.readUInt32BE(at), kindAndLength >>> 24, all.subarray(at + frameBytes, next));
      at = next;
    }
    // What is read next is read into the same buffer.
    this.#rest = at === all.length ? none : Buffer.from(all.subarray(at));
  }

  /** Says all that is still to be said, and that it was all. */
  finish() {
    this.#flush();
    this.end.end(() => undefined);
  }
}

module.exports = { batchBytes, kinds, none, parseOpen, renderOpen, Shared };
