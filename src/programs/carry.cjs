// @ts-check
/*
 * Carries bytes between two ends until both have ended. What was read is written before more is read (back-pressure), so that each
 * direction holds one buffer and no more: a small one, and a large one for as long as it is filled and not too many are out.
 */

/** @import { End } from './ends.cjs' */

/** What one port carried. @typedef {{ attempts: number, connections: number, packets: number, bytes: number, proofs: number }} Count */

const smallBytes = 16_384;
const largeBytes = 1_048_576;
/** So much memory for large buffers, and what is kept of small ones for the next connections. */
const mostLarge = 32;
const mostSpare = 256;

/** A direction that filled so little of its large buffer, so many times in a row, gets along with a small one. */
const idleReads = 64;

/** @type {Uint8Array[]} */
const spare = [];
/** @type {Uint8Array[]} */
const spareLarge = [];
let large = 0;

const takeSmall = () => spare.pop() ?? Buffer.allocUnsafeSlow(smallBytes);

/** @returns {Uint8Array | undefined} */
const takeLarge = () => {
  if (large >= mostLarge) return undefined;
  large += 1;
  return spareLarge.pop() ?? Buffer.allocUnsafeSlow(largeBytes);
};

/** @param {Uint8Array} buffer */
const giveBack = (buffer) => {
  if (buffer.length === largeBytes) {
    large -= 1;
    // A few are enough to go on with.
    if (spareLarge.length < 4) spareLarge.push(buffer);
  } else if (spare.length < mostSpare) spare.push(buffer);
};

/** One direction of a connection. */
class Direction {
  #buffer = takeSmall();
  #lowReads = 0;
  isOver = false;
  #isWaiting = false;
  #isAtEnd = false;
  #isStalled = false;
  /** Left by the connection with a write of its under way. */
  #isLeft = false;

  /** @param {End} from @param {End} to @param {Carried} whole */
  constructor(from, to, whole) {
    this.from = from;
    this.to = to;
    this.whole = whole;
  }

  begin() {
    this.from.read(this.#buffer, this);
  }

  /** @param {Uint8Array} bytes */
  bytes(bytes) {
    const { count } = this.whole;
    if (count !== undefined) {
      count.packets += 1;
      count.bytes += bytes.length;
    }
    const outcome = this.to.write(bytes, this.#taken);
    if (outcome === 'failed') {
      this.whole.fail();
      return undefined;
    }
    if (outcome === 'taken') return this.#fit(bytes.length);
    this.#isWaiting = true;
    this.from.pause();
    return undefined;
  }

  end() {
    this.#isAtEnd = true;
    // What is still being written comes first: the system keeps that order.
    this.to.end(() => {
      this.isOver = true;
      this.whole.ended();
    });
  }

  fail() {
    this.whole.fail();
  }

  /** Reads nothing until told otherwise, so that the sender waits. @param {boolean} isStalled */
  stall(isStalled) {
    if (this.#isStalled === isStalled) return;
    this.#isStalled = isStalled;
    if (this.#isAtEnd) return;
    if (isStalled) this.from.pause();
    else if (!this.#isWaiting) this.from.resume();
  }

  /** Nothing more is read; the buffer goes when nothing more is written of it. */
  leave() {
    if (this.#isLeft) return;
    this.#isLeft = true;
    if (!this.#isWaiting) giveBack(this.#buffer);
  }

  /** @param {boolean} isWhole */
  #taken = (isWhole) => {
    this.#isWaiting = false;
    if (this.#isLeft) giveBack(this.#buffer);
    else if (!isWhole) this.whole.fail();
    else if (!this.#isStalled) this.from.resume();
  };

  /** @param {number} length @returns {Uint8Array | undefined} another buffer, where this one does not fit what comes */
  #fit(length) {
    const isLarge = this.#buffer.length === largeBytes;
    this.#lowReads = length < smallBytes ? this.#lowReads + 1 : 0;
    const next = isLarge
      ? this.#lowReads > idleReads
        ? takeSmall()
        : undefined
      : length === smallBytes
        ? takeLarge()
        : undefined;
    if (next === undefined) return undefined;
    giveBack(this.#buffer);
    return (this.#buffer = next);
  }
}

/** A connection under way: one side's end is the other side's end, one side's failure the other's. */
class Carried {
  /** @type {readonly Direction[]} */
  #directions;
  #isOver = false;

  /**
   * @param {End} caller @param {End} service
   * @param {{ count?: Count | undefined, onOver: () => void }} more
   */
  constructor(caller, service, { count, onOver }) {
    this.caller = caller;
    this.service = service;
    this.count = count;
    this.onOver = onOver;
    this.#directions = [new Direction(caller, service, this), new Direction(service, caller, this)];
  }

  begin() {
    for (const direction of this.#directions) direction.begin();
  }

  /** Carries nothing either way, or does again. @param {boolean} isStalled */
  stall(isStalled) {
    for (const direction of this.#directions) direction.stall(isStalled);
  }

  ended() {
    if (this.#directions.every(({ isOver }) => isOver)) this.#finish('close');
  }

  fail() {
    this.#finish('reset');
  }

  /** @param {'close' | 'reset'} how */
  #finish(how) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.caller[how]();
    this.service[how]();
    for (const direction of this.#directions) direction.leave();
    this.onOver();
  }
}

module.exports = { Carried, takeSmall };
