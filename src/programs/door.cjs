// @ts-check
/* Our process's side of the link to a sidecar: a unix socket, to be reached by that container alone. */
const { chmodSync } = require('node:fs');
const { listen } = require('./ends.cjs');
const { Link } = require('./link.cjs');

/** @import { End, Endpoint, Listening } from './ends.cjs' */
/** @import { Word } from './link.cjs' */

/** How long a sidecar may take to say that it listens no more. */
const farewellMs = 1_000;

class Door {
  /** @type {Listening | undefined} */
  #listening;
  /** @type {Map<number, { resolve: () => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #asked = 0;
  /** @type {PromiseWithResolvers<void>} */
  #left = Promise.withResolvers();

  /**
   * @param {object} plan
   * @param {(port: number, caller: End, from: Endpoint) => void} plan.onConnection
   * @param {(port: number, peer: Endpoint, bytes: Buffer) => void} plan.onDatagram
   */
  constructor(plan) {
    this.plan = plan;
    this.link = new Link({
      word: (word) => this.#hear(word),
      lost: () => this.#lose(),
      opened: (caller, port) => this.plan.onConnection(port, caller, caller.remote()),
    });
    this.came = new Promise((resolve, reject) => {
      this.#waiting.set(0, { resolve: () => resolve(undefined), reject });
    });
    // It may be lost with nobody waiting.
    this.came.catch(() => undefined);
  }

  get isLost() {
    return !this.link.isOpen;
  }

  /** @param {string} path In a folder that is this user's alone. */
  async open(path) {
    this.#listening = await listen({ path }, (end) => this.link.receive(end));
    // The container's user is nobody; the folder keeps all others out.
    chmodSync(path, 0o666);
  }

  /** @param {'tcp' | 'udp'} protocol @param {number} port @returns {Promise<void>} */
  listen(protocol, port) {
    const number = (this.#asked += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      this.link.tell({ listen: number, protocol, port });
      if (!this.link.isOpen) this.#lose();
    });
  }

  /** Resolves when nobody is accepted there any more. @param {'tcp' | 'udp'} protocol @param {number} port @returns {Promise<void>} */
  unlisten(protocol, port) {
    const number = (this.#asked += 1);
    return new Promise((resolve) => {
      // A sidecar that is gone accepts nobody.
      this.#waiting.set(number, { resolve, reject: () => resolve() });
      // One that is stopped accepts nobody, and says nothing.
      setTimeout(resolve, farewellMs).unref();
      this.link.tell({ close: protocol, port, number });
      if (!this.link.isOpen) this.#lose();
    });
  }

  /** Resolves when the sidecar has reset its callers and ended the link, or was never there: killed sooner, its kernel would end them as if all had been said. */
  async close() {
    this.#listening?.close();
    this.link.finish();
    if (this.link.isOpen) await this.#left.promise;
    this.#lose();
  }

  /** @param {Word} word */
  #hear(word) {
    if ('datagram' in word) this.plan.onDatagram(word.port, word.peer, Buffer.from(word.datagram, 'base64'));
    if (!('listening' in word)) return;
    const waiting = this.#waiting.get(word.listening);
    this.#waiting.delete(word.listening);
    if (word.error === undefined) waiting?.resolve();
    else waiting?.reject(Object.assign(new Error(word.error.message), { code: word.error.code }));
  }

  #lose() {
    this.#left.resolve();
    for (const { reject } of this.#waiting.values()) reject(new Error('the sidecar is gone'));
    this.#waiting.clear();
  }
}

module.exports = { Door };
