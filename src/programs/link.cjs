// @ts-check
/*
 * Between the sidecar and our process: a unix socket for each connection, which carries its bytes as they are, and one that is there all
 * the time for what a socket cannot say. A unix socket knows no reset, so that an end is one only when it has been told to be.
 *
 * Each socket begins with a head of 16 bytes: number, container port, the caller's port and address. Number 0 is the one for telling, a
 * line of JSON each.
 */
const { takeSmall } = require('./carry.cjs');

/** @import { End, Endpoint, Reader } from './ends.cjs' */
/** @typedef {{ readonly id: number, readonly port: number, readonly caller: Endpoint }} Head */
/**
 * @typedef {{ readonly end: number } | { readonly reset: number }
 *   | { readonly listen: number, readonly protocol: 'tcp' | 'udp', readonly port: number }
 *   | { readonly listening: number, readonly error?: { code: string | undefined, message: string } }
 *   | { readonly close: 'tcp' | 'udp', readonly port: number, readonly number?: number }
 *   | { readonly datagram: string, readonly port: number, readonly peer: Endpoint }} Word
 */

const headBytes = 16;
/** More than this is not kept of datagrams that the other side does not take, in bytes. */
const mostQueued = 4_194_304;
/** Words on connections that have not come yet, or are over. */
const mostEarly = 1_024;

/** @param {Head} head */
const renderHead = ({ id, port, caller }) => {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(id, 0);
  head.writeUInt16BE(port, 4);
  head.writeUInt16BE(caller.port, 6);
  caller.address.split('.').forEach((byte, n) => head.writeUInt8(Number(byte), 8 + n));
  return head;
};

/** @param {Uint8Array} bytes @returns {Head} */
const parseHead = (bytes) => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, headBytes);
  const address = [...head.subarray(8, 12)].join('.');
  return { id: head.readUInt32BE(0), port: head.readUInt16BE(4), caller: { address, port: head.readUInt16BE(6) } };
};

/** The socket for telling. */
class Teller {
  #queued = 0;
  #words = '';
  #received = '';

  /** @param {End} end @param {{ word(word: Word): void, lost(): void }} listener */
  constructor(end, listener) {
    this.end = end;
    this.listener = listener;
  }

  /** @param {Word} word */
  tell(word) {
    if ('datagram' in word && this.#queued > mostQueued) return;
    // Those of one turn of the loop go together.
    if (this.#words === '') setImmediate(() => this.#flush());
    this.#words += `${JSON.stringify(word)}\n`;
  }

  #flush() {
    if (this.#words === '') return;
    const bytes = Buffer.from(this.#words);
    this.#words = '';
    if (this.end.write(bytes, () => (this.#queued -= bytes.length)) === 'waits') this.#queued += bytes.length;
  }

  /** Says all that is still to be said, and that it was all. The other side ends it then, once it has done what that means. */
  finish() {
    this.#flush();
    this.end.end(() => undefined);
  }

  /** @param {Uint8Array} bytes */
  bytes(bytes) {
    const lines = (this.#received + Buffer.from(bytes).toString('latin1')).split('\n');
    this.#received = lines.pop() ?? '';
    for (const line of lines) this.listener.word(JSON.parse(line));
    return undefined;
  }
}

/** The end of a connection that the other side of the link has the rest of. @implements {End} */
class LinkedEnd {
  /** @type {Reader | undefined} */
  #reader;
  /** What came with the head. @type {Uint8Array | undefined} */
  #early;
  #isReading;
  #isPaused = false;
  #isAtEnd = false;
  #isEndTold = false;
  #isReset = false;

  /**
   * @param {End} inner @param {Head} head @param {Link} link
   * @param {Uint8Array} [early] Of one that is being read already, and paused.
   */
  constructor(inner, head, link, early) {
    this.inner = inner;
    this.head = head;
    this.link = link;
    this.#early = early;
    this.#isReading = early !== undefined;
  }

  /** @type {End['read']} */
  read(buffer, reader) {
    this.#reader = reader;
    if (this.#isReset) return reader.fail();
    if (!this.#isReading) return this.inner.read(buffer, this);
    if (this.#early !== undefined && this.#early.length > 0) reader.bytes(this.#early);
    this.#early = undefined;
    if (!this.#isPaused) this.inner.resume();
    return undefined;
  }

  /** @param {Uint8Array} bytes */
  bytes(bytes) {
    return this.#reader?.bytes(bytes);
  }

  fail() {
    this.#reader?.fail();
  }

  /** @param {'end' | 'reset'} what */
  told(what) {
    if (what === 'end') {
      this.#isEndTold = true;
      if (this.#isAtEnd) this.#reader?.end();
      return;
    }
    this.#isReset = true;
    this.#reader?.fail();
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

  /** @param {() => void} [done] Without it, the other side's end has come. */
  end(done) {
    if (done === undefined) {
      this.#isAtEnd = true;
      if (this.#isEndTold) this.#reader?.end();
      return;
    }
    this.link.tell({ end: this.head.id });
    this.inner.end(done);
  }

  reset() {
    this.link.tell({ reset: this.head.id });
    this.close();
  }

  close() {
    this.inner.close();
    this.link.ends.delete(this.head.id);
  }

  local() {
    return this.inner.local();
  }

  remote() {
    return this.head.caller;
  }
}

/** All of one sidecar. */
class Link {
  /** @type {Map<number, LinkedEnd>} */
  ends = new Map();
  /** @type {Map<number, ('end' | 'reset')[]>} */
  #early = new Map();
  /** @type {Teller | undefined} */
  teller;

  /** @param {{ word(word: Word): void, lost(): void }} listener */
  constructor(listener) {
    this.listener = listener;
  }

  /** @param {Word} word */
  tell(word) {
    this.teller?.tell(word);
  }

  /** @param {End} end */
  startTelling(end) {
    this.teller = new Teller(end, { word: (word) => this.#hear(word), lost: () => this.#lose() });
    const { teller } = this;
    return { bytes: teller.bytes.bind(teller), end: () => this.#lose(), fail: () => this.#lose() };
  }

  /** @param {LinkedEnd} end */
  add(end) {
    const { id } = end.head;
    this.ends.set(id, end);
    // Telling has a socket of its own, and may have been quicker.
    for (const what of this.#early.get(id) ?? []) end.told(what);
    this.#early.delete(id);
    return end;
  }

  /** Reads the head, and gives what it is the head of. @param {End} end @param {(linked: LinkedEnd) => void} onConnection */
  receive(end, onConnection) {
    /** @type {Reader | undefined} */
    let reader;
    end.read(takeSmall(), {
      bytes: (bytes) => {
        if (reader !== undefined) return reader.bytes(bytes);
        if (bytes.length < headBytes) {
          end.close();
          return undefined;
        }
        const head = parseHead(bytes);
        const rest = Buffer.from(bytes.subarray(headBytes));
        if (head.id === 0) {
          reader = this.startTelling(end);
          this.listener.word({ listening: 0 });
          return rest.length > 0 ? reader.bytes(rest) : undefined;
        }
        end.pause();
        const linked = new LinkedEnd(end, head, this, rest);
        reader = { bytes: linked.bytes.bind(linked), end: () => linked.end(), fail: () => linked.fail() };
        onConnection(this.add(linked));
        return undefined;
      },
      end: () => (reader === undefined ? end.close() : reader.end()),
      fail: () => (reader === undefined ? end.close() : reader.fail()),
    });
  }

  /** Resets all connections, and tells the other side to do the same and to end the link. */
  finish() {
    this.#reset();
    this.teller?.finish();
  }

  /** Resets all connections, and ends the link. */
  close() {
    this.#reset();
    this.teller?.end.close();
    this.teller = undefined;
  }

  #reset() {
    for (const end of this.ends.values()) end.told('reset');
  }

  /** @param {Word} word */
  #hear(word) {
    if (!('end' in word) && !('reset' in word)) return this.listener.word(word);
    const what = 'end' in word ? 'end' : 'reset';
    const id = 'end' in word ? word.end : word.reset;
    const end = this.ends.get(id);
    if (end !== undefined) return end.told(what);
    this.#early.set(id, [...(this.#early.get(id) ?? []), what]);
    const [oldest] = this.#early.keys();
    if (this.#early.size > mostEarly && oldest !== undefined) this.#early.delete(oldest);
    return undefined;
  }

  #lose() {
    this.close();
    this.listener.lost();
  }
}

module.exports = { Link, LinkedEnd, renderHead };
