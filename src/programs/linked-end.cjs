// @ts-check
/*
 * The end of a connection that the other side of a sidecar's link has the rest of. It begins on the shared socket, where each side says at
 * most `mostShared` of it: that bounds what waits for whoever does not read. For more, the sidecar dials a socket, and each side says
 * `moved` as the last word on the shared one, so that nothing overtakes.
 */
const { kinds, none } = require('./shared.cjs');

/** @import { End, Endpoint, Reader } from './ends.cjs' */
/**
 * What carries it.
 * @typedef {object} Carrier
 * @property {boolean} isOpen
 * @property {Map<number, LinkedEnd>} ends
 * @property {(id: number, kind: number, payload: Uint8Array) => void} say
 * @property {{ readonly dial?: (done: (own: End | undefined) => void) => void }} listener
 */

const mostShared = 65_536;
const headBytes = 4;
const nowhere = { address: '', port: 0 };

/** @param {number} id */
const renderHead = (id) => {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(id);
  return head;
};

/** The end of a connection that the other side of the link has the rest of. @implements {End} */
class LinkedEnd {
  /** @type {Reader | undefined} */
  #reader;
  /** @type {Uint8Array} */
  #buffer = none;
  /** What came by the shared socket and could not be passed on yet. @type {Buffer[]} */
  #waiting = [];
  #isPaused = false;
  #isEndTold = false;
  #isEndPassedOn = false;
  #isReset = false;
  #isClosed = false;
  #hasEnded = false;
  #said = 0;

  /** Its own socket, once it has one. @type {End | undefined} */
  #own;
  #isDialling = false;
  #saysByOwn = false;
  #hearsByOwn = false;
  #isOwnRead = false;
  /** It is read into a buffer of whoever read its head, and not into ours yet. */
  #isOwnBufferForeign = false;
  #isOwnOver = false;
  /** What is to be said by its own socket as soon as there is one. @type {{ bytes: Uint8Array, done: (isWhole: boolean) => void } | undefined} */
  #held;
  /** And then its end. @type {(() => void) | undefined} */
  #endHeld;

  /** @param {number} id @param {Endpoint} caller @param {Carrier} link */
  constructor(id, caller, link) {
    this.id = id;
    this.caller = caller;
    this.link = link;
  }

  /** @type {End['read']} */
  read(buffer, reader) {
    this.#buffer = buffer;
    this.#reader = reader;
    if (this.#isReset) reader.fail();
    else this.#pump();
  }

  pause() {
    this.#isPaused = true;
    if (this.#isOwnRead) this.#own?.pause();
  }

  resume() {
    this.#isPaused = false;
    this.#pump();
  }

  /** @type {End['write']} */
  write(bytes, done) {
    if (this.#isClosed || !this.link.isOpen) return 'failed';
    if (this.#saysByOwn) return this.#own?.write(bytes, done) ?? 'failed';
    this.#said += bytes.length;
    if (this.#said <= mostShared) {
      this.link.say(this.id, kinds.data, bytes);
      return 'taken';
    }
    this.#held = { bytes, done };
    this.move();
    return 'waits';
  }

  /** @type {End['end']} */
  end(done) {
    if (this.#isClosed) return;
    // What is still to be said comes first.
    if (this.#held !== undefined) {
      this.#endHeld = done;
      return;
    }
    this.#hasEnded = true;
    this.link.say(this.id, kinds.end, none);
    if (this.#own === undefined) done();
    else this.#own.end(done);
  }

  reset() {
    if (!this.#isClosed && !this.#isReset) this.link.say(this.id, kinds.reset, none);
    this.close();
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held?.done(false);
    this.#own?.close();
    this.link.ends.delete(this.id);
  }

  local() {
    return this.#own?.local() ?? nowhere;
  }

  remote() {
    return this.caller;
  }

  /** Gets a socket of its own: dials one, or asks the other side to. */
  move() {
    if (this.#own !== undefined || this.#isDialling || this.#isClosed) return undefined;
    this.#isDialling = true;
    const { dial } = this.link.listener;
    if (dial === undefined) return this.link.say(this.id, kinds.need, none);
    return dial((own) => {
      if (own === undefined) return this.told('reset');
      own.write(renderHead(this.id), () => undefined);
      return this.take(own);
    });
  }

  /**
   * Its own socket is there.
   *
   * @param {End} own
   * @param {boolean} [isRead] It is being read already, and paused.
   */
  take(own, isRead = false) {
    if (this.#isClosed || this.#own !== undefined) return own.close();
    this.#own = own;
    this.#isOwnRead = isRead;
    this.#isOwnBufferForeign = isRead;
    this.link.say(this.id, kinds.moved, none);
    this.#saysByOwn = true;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) {
      const outcome = own.write(held.bytes, held.done);
      if (outcome !== 'waits') held.done(outcome === 'taken');
    }
    // Nothing more is said by either.
    if (this.#hasEnded) own.end(() => undefined);
    if (this.#endHeld !== undefined) this.end(this.#endHeld);
    return this.#pump();
  }

  /** What came by the shared socket. @param {Buffer} bytes */
  heard(bytes) {
    // The socket's buffer is read into again; and who writes this on may take a while.
    this.#waiting.push(Buffer.from(bytes));
    this.#pump();
  }

  /** What was read of its own socket together with the head. @param {Buffer} bytes */
  early(bytes) {
    this.#buffer = this.#reader?.bytes(bytes) ?? this.#buffer;
  }

  /** What its own socket tells. @type {Reader} */
  ofOwn = {
    bytes: (bytes) => {
      const next = this.#reader?.bytes(bytes);
      if (next !== undefined) this.#buffer = next;
      // The reader counts on its own buffer, which grows with what comes; that one is as small as a head needs.
      const isForeign = this.#isOwnBufferForeign && this.#buffer !== none;
      this.#isOwnBufferForeign = false;
      return isForeign ? this.#buffer : next;
    },
    end: () => {
      this.#isOwnOver = true;
      this.#pump();
    },
    fail: () => this.#reader?.fail(),
  };

  /** @param {'end' | 'reset' | 'moved'} what */
  told(what) {
    if (what === 'reset') {
      this.#isReset = true;
      this.#reader?.fail();
      return;
    }
    if (what === 'end') this.#isEndTold = true;
    else this.#hearsByOwn = true;
    this.#pump();
  }

  /** Passes on what there is, in its order. */
  #pump() {
    if (this.#reader === undefined || this.#isReset) return;
    while (this.#waiting.length > 0) {
      const [bytes = none] = this.#waiting;
      if (this.#isPaused || this.#isClosed) return;
      this.#waiting.shift();
      this.#buffer = this.#reader.bytes(bytes) ?? this.#buffer;
    }
    if (this.#isPaused || this.#isClosed || this.#isEndPassedOn) return;
    if (this.#hearsByOwn && this.#own !== undefined && !this.#isOwnOver) {
      if (this.#isOwnRead) return this.#own.resume();
      this.#isOwnRead = true;
      return this.#own.read(this.#buffer, this.ofOwn);
    }
    if (this.#isEndTold && (!this.#hearsByOwn || this.#isOwnOver)) {
      this.#isEndPassedOn = true;
      this.#reader.end();
    }
    return undefined;
  }
}

module.exports = { headBytes, LinkedEnd, renderHead };
