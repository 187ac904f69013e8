// @ts-check
/*
 * How fast a port carries in one direction, all its connections together: when what comes now is through. Times are in milliseconds on
 * `performance.now()`'s clock.
 */

/** @import { Slowness } from '../faults.ts' */

/** A piece takes about so long, so that what waits behind it is not held up by much. */
const pieceMs = 20;
/** So much may wait for its time, beside what a latency keeps on its way. */
const queueMs = 200;
/** Of datagrams. */
const mostQueueMs = 1_000;
const leastPiece = 1_024;
const mostQueued = 4_194_304;

class Pace {
  #freeAt = 0;

  /** @param {Slowness} slow */
  constructor({ latencyMs, jitterMs, bytesPerSecond }) {
    this.latencyMs = latencyMs;
    this.jitterMs = jitterMs;
    this.perMs = bytesPerSecond === undefined ? Infinity : bytesPerSecond / 1_000;
    /** In how large pieces it goes on. */
    this.piece = Math.max(leastPiece, this.perMs * pieceMs);
    /** Of how much at most one connection lets wait. */
    this.room = Math.min(mostQueued, Math.max(4 * leastPiece, this.perMs * (queueMs + latencyMs + jitterMs)));
  }

  /** @param {number} bytes */
  due(bytes) {
    this.#freeAt = Math.max(performance.now(), this.#freeAt) + bytes / this.perMs;
    const jitter = this.jitterMs * (2 * Math.random() - 1);
    return this.#freeAt + Math.max(0, this.latencyMs + jitter);
  }

  /** How long a datagram waits; undefined where too many do already. @param {number} bytes */
  dueWithin(bytes) {
    const now = performance.now();
    return this.#freeAt - now > mostQueueMs ? undefined : Math.max(0, this.due(bytes) - now - 0.5);
  }
}

/** What waits for its time, in its order. */
class Line {
  /** @type {{ readonly bytes: Uint8Array | undefined, dueAt: number }[]} */
  #items = [];
  #bytes = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #isHeld = false;

  /** @param {(bytes: Uint8Array | undefined) => void} onDue Undefined: the end. */
  constructor(onDue) {
    this.onDue = onDue;
  }

  get isEmpty() {
    return this.#items.length === 0;
  }

  /** @param {Pace | undefined} pace */
  isFull(pace) {
    return this.#bytes > (pace?.room ?? 0);
  }

  /** @param {Uint8Array | undefined} bytes Copied: undefined is the end. @param {Pace | undefined} pace */
  push(bytes, pace) {
    const copy = bytes && Buffer.from(bytes);
    const length = copy?.length ?? 0;
    const piece = pace === undefined ? length : Math.min(length, pace.piece);
    for (let at = 0; at === 0 || at < length; at += piece) {
      const part = copy?.subarray(at, at + piece);
      const last = this.#items.at(-1)?.dueAt ?? 0;
      this.#items.push({ bytes: part, dueAt: Math.max(last, pace?.due(part?.length ?? 0) ?? 0) });
      if (piece === 0) break;
    }
    this.#bytes += length;
    this.#run();
  }

  /** Nothing is due while it is held. @param {boolean} isHeld */
  hold(isHeld) {
    this.#isHeld = isHeld;
    this.#run();
  }

  /** All of it is due now. */
  hurry() {
    for (const item of this.#items) item.dueAt = 0;
    this.#run();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#items = [];
    this.#bytes = 0;
  }

  #run() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (let [first] = this.#items; first !== undefined && !this.#isHeld; [first] = this.#items) {
      const wait = first.dueAt - performance.now();
      // A timer is not finer than a millisecond, and late rather than early.
      if (wait > 0.75) {
        this.#timer = setTimeout(() => this.#run(), Math.max(1, wait - 1));
        return;
      }
      this.#items.shift();
      this.#bytes -= first.bytes?.length ?? 0;
      this.onDue(first.bytes);
    }
  }
}

module.exports = { Line, Pace };
