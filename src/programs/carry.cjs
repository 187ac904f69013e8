// @ts-check
/*
 * Carries bytes between two ends until both have ended. What was read is written before more is read (back-pressure), so that each
 * direction holds one buffer and no more: a small one, and a large one for as long as it is filled and not too many are out.
 */

const { giveBack, isLarge, smallBytes, takeLarge, takeSmall } = require('./buffers.cjs');
const { Line } = require('./pace.cjs');

/** @import { End } from './ends.cjs' */
/** @typedef {InstanceType<typeof import('./pace.cjs').Pace>} Pace */

/** What one port carried. @typedef {{ attempts: number, connections: number, packets: number, bytes: number, proofs: number }} Count */

/** A direction that filled so little of its large buffer, so many times in a row, gets along with a small one. */
const idleReads = 64;

/** One direction of a connection. */
class Direction {
  #buffer = takeSmall();
  #lowReads = 0;
  isOver = false;
  /** What was read is being written. */
  #isWriting = false;
  /** The same, out of the buffer that is read into: more would overwrite it. */
  #isBufferOut = false;
  #isAtEnd = false;
  #isStalled = false;
  /** Left by the connection with a write of its under way. */
  #isLeft = false;
  /** @type {Pace | undefined} */
  #pace;
  /** What waits for its time, where it ever had to. @type {InstanceType<typeof Line> | undefined} */
  #line;

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
    if (this.#mayGoOn()) return this.#write(bytes);
    this.#waiting().push(bytes, this.#pace);
    this.#settle();
    return undefined;
  }

  end() {
    this.#isAtEnd = true;
    if (this.#mayGoOn()) this.#end();
    else this.#waiting().push(undefined, this.#pace);
  }

  fail() {
    this.whole.fail();
  }

  /** Reads nothing until told otherwise, so that the sender waits. @param {boolean} isStalled */
  stall(isStalled) {
    if (this.#isStalled === isStalled) return;
    this.#isStalled = isStalled;
    this.#line?.hold(isStalled || this.#isWriting);
    this.#settle();
  }

  /** How fast it goes from now on: without a pace, what waits goes at once. @param {Pace | undefined} pace */
  keepTo(pace) {
    this.#pace = pace;
    if (pace === undefined) this.#line?.hurry();
    this.#settle();
  }

  /** Nothing more is read; the buffer goes when nothing more is written of it. */
  leave() {
    if (this.#isLeft) return;
    this.#isLeft = true;
    this.#line?.clear();
    if (!this.#isBufferOut) giveBack(this.#buffer);
  }

  /** Whether nothing waits for its time, and nothing has to. */
  #mayGoOn() {
    return this.#pace === undefined && this.#line?.isEmpty !== false && !this.#isWriting;
  }

  #waiting() {
    return (this.#line ??= new Line((bytes) => {
      if (this.#isLeft) return;
      if (bytes === undefined) this.#end();
      else this.#writeLate(bytes);
      this.#settle();
    }));
  }

  /** @param {Uint8Array} bytes In the buffer that is read into. */
  #write(bytes) {
    const outcome = this.to.write(bytes, this.#taken);
    if (outcome === 'failed') {
      this.whole.fail();
      return undefined;
    }
    if (outcome === 'taken') return this.#fit(bytes.length);
    this.#isWriting = true;
    this.#isBufferOut = true;
    this.#settle();
    return undefined;
  }

  /** @param {Uint8Array} bytes */
  #writeLate(bytes) {
    const outcome = this.to.write(bytes, this.#taken);
    if (outcome === 'failed') this.whole.fail();
    if (outcome !== 'waits') return;
    this.#isWriting = true;
    this.#line?.hold(true);
  }

  #end() {
    // What is still being written comes first: the system keeps that order.
    this.to.end(() => {
      this.isOver = true;
      this.whole.ended();
    });
  }

  /** Reads, or does not, by what there is to wait for. */
  #settle() {
    if (this.#isAtEnd || this.#isLeft) return;
    const isFull = this.#line !== undefined && !this.#line.isEmpty && this.#line.isFull(this.#pace);
    if (this.#isStalled || this.#isBufferOut || isFull) this.from.pause();
    else this.from.resume();
  }

  /** @param {boolean} isWhole */
  #taken = (isWhole) => {
    const wasOut = this.#isBufferOut;
    this.#isWriting = false;
    this.#isBufferOut = false;
    if (this.#isLeft) {
      if (wasOut) giveBack(this.#buffer);
      return;
    }
    if (!isWhole) {
      this.whole.fail();
      return;
    }
    this.#line?.hold(this.#isStalled);
    this.#settle();
  };

  /** @param {number} length @returns {Uint8Array | undefined} another buffer, where this one does not fit what comes */
  #fit(length) {
    this.#lowReads = length < smallBytes ? this.#lowReads + 1 : 0;
    const next = isLarge(this.#buffer)
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

  /** @param {{ toCaller: Pace, toService: Pace } | undefined} paces */
  keepTo(paces) {
    const [toService, toCaller] = this.#directions;
    toService?.keepTo(paces?.toService);
    toCaller?.keepTo(paces?.toCaller);
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

module.exports = { Carried };
