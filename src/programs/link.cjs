// @ts-check
/*
 * Between the sidecar and our process: one unix socket that is there all the time, by which connections begin and small ones end, and a
 * socket of its own for each that says more than that. A connection of a test says little: it costs no socket of either side.
 *
 * A socket begins with four bytes, the connection's number; 0 is the shared one. No unix socket knows a reset: an end is one only when it
 * has been told to be.
 */
const { batchBytes, kinds, parseOpen, renderOpen, Shared } = require('./shared.cjs');
const { headBytes, LinkedEnd, renderHead } = require('./linked-end.cjs');

/** @import { End, Endpoint, Reader } from './ends.cjs' */
/** @typedef {InstanceType<typeof LinkedEnd>} Linked */
/**
 * @typedef {{ readonly listen: number, readonly protocol: 'tcp' | 'udp', readonly port: number }
 *   | { readonly listening: number, readonly error?: { code: string | undefined, message: string } }
 *   | { readonly close: 'tcp' | 'udp', readonly port: number, readonly number?: number }
 *   | { readonly datagram: string, readonly port: number, readonly peer: Endpoint }} Word
 */
/**
 * @typedef {object} LinkListener
 * @property {(word: Word) => void} word
 * @property {() => void} lost
 * @property {(end: Linked, port: number) => void} [opened] A connection that the other side has begun.
 * @property {(done: (own: End | undefined) => void) => void} [dial] How to get another socket to the other side, where this side can.
 */

const smallBytes = 16_384;

/** All of one sidecar. */
class Link {
  /** @type {Map<number, Linked>} */
  ends = new Map();
  /** @type {InstanceType<typeof Shared> | undefined} */
  #shared;
  #opened = 0;

  /** @param {LinkListener} listener */
  constructor(listener) {
    this.listener = listener;
  }

  get isOpen() {
    return this.#shared !== undefined;
  }

  /** @param {Word} word */
  tell(word) {
    if ('datagram' in word && this.#shared?.isFull === true) return;
    this.say(0, kinds.word, Buffer.from(JSON.stringify(word)));
  }

  /** @param {number} id @param {number} kind @param {Uint8Array} payload */
  say(id, kind, payload) {
    this.#shared?.say(id, kind, payload);
  }

  /** Begins a connection. @param {number} port @param {Endpoint} caller */
  open(port, caller) {
    do this.#opened = (this.#opened % 0xff_ff_ff_ff) + 1;
    while (this.ends.has(this.#opened));
    const end = new LinkedEnd(this.#opened, caller, this);
    this.ends.set(end.id, end);
    this.say(end.id, kinds.open, renderOpen(port, caller));
    return end;
  }

  /** By this socket all is shared from now on; it is dialled. @param {End} end */
  share(end) {
    end.write(renderHead(0), () => undefined);
    const reader = this.#startSharing(end);
    end.read(Buffer.allocUnsafeSlow(batchBytes), reader);
  }

  /** Reads which connection's own socket it is, or that it is the shared one. @param {End} end */
  receive(end) {
    /** @type {Reader | undefined} */
    let reader;
    end.read(Buffer.allocUnsafeSlow(smallBytes), {
      bytes: (bytes) => {
        if (reader !== undefined) return reader.bytes(bytes);
        const id = bytes.length < headBytes ? undefined : Buffer.from(bytes).readUInt32BE(0);
        const rest = bytes.subarray(headBytes);
        if (id === 0) {
          reader = this.#startSharing(end);
          this.listener.word({ listening: 0 });
          reader.bytes(rest);
          return Buffer.allocUnsafeSlow(batchBytes);
        }
        const linked = this.ends.get(id ?? 0);
        if (linked === undefined) {
          end.close();
          return undefined;
        }
        // Until it is told that nothing more comes by the shared one.
        end.pause();
        const early = Buffer.from(rest);
        reader = linked.ofOwn;
        linked.take(early.length === 0 ? end : withEarly(end, () => linked.early(early)), true);
        return undefined;
      },
      end: () => (reader === undefined ? end.close() : reader.end()),
      fail: () => (reader === undefined ? end.close() : reader.fail()),
    });
  }

  /** Resets all connections, and tells the other side to do the same and to end the link. */
  finish() {
    this.#reset();
    this.#shared?.finish();
  }

  /** Resets all connections, and ends the link. */
  close() {
    this.#reset();
    this.#shared?.end.close();
    this.#shared = undefined;
  }

  #reset() {
    for (const end of this.ends.values()) end.told('reset');
  }

  /** @param {End} end @returns {Reader} */
  #startSharing(end) {
    const shared = new Shared(end, (id, kind, payload) => this.#hear(id, kind, payload));
    this.#shared = shared;
    return {
      bytes: (bytes) => {
        shared.hear(bytes);
        return undefined;
      },
      end: () => this.#lose(),
      fail: () => this.#lose(),
    };
  }

  /** @param {number} id @param {number} kind @param {Buffer} payload */
  #hear(id, kind, payload) {
    if (kind === kinds.word) return this.listener.word(JSON.parse(payload.toString()));
    if (kind === kinds.open) {
      const { port, caller } = parseOpen(payload);
      const begun = new LinkedEnd(id, caller, this);
      this.ends.set(id, begun);
      return this.listener.opened?.(begun, port);
    }
    // One that was reset here may be spoken of there for a moment.
    const end = this.ends.get(id);
    if (kind === kinds.data) return end?.heard(payload);
    if (kind === kinds.need) return end?.move();
    return end?.told(kind === kinds.end ? 'end' : kind === kinds.reset ? 'reset' : 'moved');
  }

  #lose() {
    this.close();
    this.listener.lost();
  }
}

/** An end of which something has been read already: it comes first. @param {End} end @param {() => void} passOn @returns {End} */
const withEarly = (end, passOn) => {
  let isFirst = true;
  let isPaused = true;
  return {
    read: (buffer, own) => end.read(buffer, own),
    pause: () => {
      isPaused = true;
      end.pause();
    },
    resume: () => {
      isPaused = false;
      if (isFirst) {
        isFirst = false;
        passOn();
      }
      if (!isPaused) end.resume();
    },
    write: (bytes, done) => end.write(bytes, done),
    end: (done) => end.end(done),
    reset: () => end.reset(),
    close: () => end.close(),
    local: () => end.local(),
    remote: () => end.remote(),
  };
};

module.exports = { Link };
