// @ts-check
/*
 * Carries datagrams: each peer has a flow of its own, a socket that the service's answers come back to. A flow ends when nothing passes
 * for a while; where there are too many, the one that was silent longest makes room.
 */
const dgram = require('node:dgram');

/** @import { Endpoint } from './ends.cjs' */
/** @import { Count } from './carry.cjs' */
/** @typedef {InstanceType<typeof import('./pace.cjs').Pace>} Pace */

const idleMs = 120_000;
const mostFlows = 1_024;

/**
 * @typedef {object} Flow
 * @property {Endpoint} peer
 * @property {dgram.Socket} socket
 * @property {Buffer[] | undefined} waiting What came before the socket was connected.
 * @property {Count | undefined} count
 * @property {number} usedAt On `performance.now()`'s clock.
 */

/** Waits for its socket in the first moment of a flow, and no more than this is kept. */
const mostWaiting = 64;

/** A datagram at its time: one for which there is no room is lost, as on a wire. @param {Pace | undefined} pace @param {Buffer} bytes @param {() => void} send */
const pass = (pace, bytes, send) => {
  if (pace === undefined) return send();
  const wait = pace.dueWithin(bytes.length);
  if (wait !== undefined) setTimeout(send, wait).unref();
  return undefined;
};

class Datagrams {
  /** By peer; who was silent longest comes first. @type {Map<string, Flow>} */
  #flows = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  #sweeping;

  /**
   * @param {object} plan
   * @param {(peer: Endpoint) => { port: number, host?: string, count?: Count } | undefined} plan.target On 127.0.0.1, by default. Undefined: not to be carried.
   * @param {(peer: Endpoint, bytes: Buffer) => void} plan.reply
   * @param {(peer: Endpoint) => void} [plan.onDropped] Called for each datagram that begins no flow, since all are dropped.
   */
  constructor({ target, reply, onDropped }) {
    /** Whether nothing is carried either way. */
    this.isStalled = false;
    /** @type {{ toCaller: Pace, toService: Pace } | undefined} */
    this.paces = undefined;
    this.onDropped = onDropped;
    this.target = target;
    this.reply = reply;
  }

  /** @param {Endpoint} peer @param {Buffer} bytes */
  receive(peer, bytes) {
    const key = `${peer.address}:${peer.port}`;
    if (this.isStalled) {
      if (!this.#flows.has(key)) this.onDropped?.(peer);
      return;
    }
    const flow = this.#flows.get(key) ?? this.#open(key, peer);
    if (flow === undefined) return;
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    this.#use(flow, bytes);
    if (flow.waiting === undefined)
      pass(this.paces?.toService, bytes, () => this.#flows.has(key) && flow.socket.send(bytes));
    else if (flow.waiting.length < mostWaiting) flow.waiting.push(bytes);
  }

  /** Whose flow has this port at the service's side. @param {number} port */
  peerBehind(port) {
    for (const { socket, waiting, peer } of this.#flows.values())
      if (waiting === undefined && socket.address().port === port) return peer;
    return undefined;
  }

  /** Ends flows: of one address, or all. @param {string} [address] */
  end(address) {
    for (const [key, flow] of this.#flows) if (address === undefined || flow.peer.address === address) this.#close(key);
  }

  /** @param {string} key @param {Endpoint} peer @returns {Flow | undefined} */
  #open(key, peer) {
    const target = this.target(peer);
    if (target === undefined) return undefined;
    const [first] = this.#flows.keys();
    if (this.#flows.size >= mostFlows && first !== undefined) this.#close(first);
    const socket = dgram.createSocket('udp4');
    /** @type {Flow} */
    const flow = { peer, socket, waiting: [], count: target.count, usedAt: performance.now() };
    if (flow.count !== undefined) {
      flow.count.attempts += 1;
      flow.count.connections += 1;
    }
    socket.on('error', () => {
      // Before it is connected nothing can be done with it; later it is a refusal: the service is away, and may be back.
      if (flow.waiting !== undefined) this.#close(key);
    });
    socket.on('message', (bytes) => {
      if (this.isStalled) return;
      this.#use(flow, bytes);
      pass(this.paces?.toCaller, bytes, () => this.reply(peer, bytes));
    });
    socket.connect(target.port, target.host ?? '127.0.0.1', () => {
      const waiting = flow.waiting ?? [];
      flow.waiting = undefined;
      // Ended in the meantime.
      if (this.#flows.get(key) === flow) for (const bytes of waiting) socket.send(bytes);
    });
    this.#sweeping ??= setInterval(() => this.#sweep(), idleMs / 8).unref();
    this.#flows.set(key, flow);
    return flow;
  }

  /** @param {Flow} flow @param {Buffer} bytes */
  #use(flow, bytes) {
    flow.usedAt = performance.now();
    if (flow.count === undefined) return;
    flow.count.packets += 1;
    flow.count.bytes += bytes.length;
  }

  #sweep() {
    for (const [key, { usedAt }] of this.#flows) if (performance.now() - usedAt > idleMs) this.#close(key);
  }

  /** @param {string} key */
  #close(key) {
    const flow = this.#flows.get(key);
    this.#flows.delete(key);
    flow?.socket.close();
    if (this.#flows.size > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }
}

/** A socket on an address; rejects with the system's error. @type {(at: Endpoint, onDatagram: (peer: Endpoint, bytes: Buffer) => void) => Promise<dgram.Socket>} */
const listenForDatagrams = (at, onDatagram) =>
  new Promise((resolve, reject) => {
    const socket = dgram.createSocket('udp4');
    socket.once('error', reject).bind({ ...at, exclusive: true }, () => {
      socket.off('error', reject).on('error', () => undefined);
      resolve(socket);
    });
    socket.on('message', (bytes, { address, port }) => onDatagram({ address, port }, bytes));
  });

module.exports = { Datagrams, listenForDatagrams };
