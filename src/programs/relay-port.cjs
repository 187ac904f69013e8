// @ts-check
/* One forwarded port in the relay's thread: whom it carries, how it counts, and how it is cut. */
const { Carried } = require('./carry.cjs');
const { Datagrams } = require('./datagrams.cjs');
const { dial } = require('./ends.cjs');
const { HeldEnd } = require('./held.cjs');
const { Pace } = require('./pace.cjs');

/** @import { End, Endpoint } from './ends.cjs' */
/** @import { Count } from './carry.cjs' */
/** @import { CutMode, Slowness } from '../faults.ts' */
/** @import { Fault } from '../strategies/strategy.ts' */
/** @import { RelayPort } from '../strategies/carrier/orders.ts' */

/** @param {string} address */
const toNumber = (address) => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);

/** One forwarded port. */
class Port {
  /** @type {Count} */
  count = { attempts: 0, connections: 0, packets: 0, bytes: 0, proofs: 0 };
  /** @type {Set<Carried>} */
  carried = new Set();
  /** Callers whose service is being dialled. @type {Set<End>} */
  #dialling = new Set();
  #size;
  #network;
  /** Callers that get no answer while the port is cut, and how they are carried on after that. @type {Map<HeldEnd, () => void>} */
  #held = new Map();
  /** @type {CutMode | undefined} */
  #cut;
  /** @type {{ toCaller: Pace, toService: Pace } | undefined} */
  #paces;
  /** Listens, and stops: nobody is accepted from then on. @type {{ start(): Promise<void>, stop(): void | Promise<void> }} */
  listener = { start: async () => undefined, stop: () => undefined };
  isClosed = false;
  /** Probes that came, whatever became of them. */
  probesSeen = 0;
  /** Those of them that were not let in where they were led. */
  probesRefused = 0;
  /** Where probes are led. @type {number | undefined} */
  trial;
  /** @type {InstanceType<typeof Datagrams> | undefined} */
  datagrams;

  /** @param {RelayPort} plan */
  constructor(plan) {
    this.plan = plan;
    this.trial = plan.trial;
    const [network = '', bits = '32'] = plan.subnet.split('/');
    this.#size = 2 ** (32 - Number(bits));
    this.#network = Math.floor(toNumber(network) / this.#size);
  }

  /** Carries a caller to the service, or resets it. @param {End} caller @param {Endpoint} from */
  accept(caller, from) {
    if (this.isClosed || !this.isInside(from.address)) return caller.reset();
    const isProbe = from.address === this.plan.probeAddress;
    if (isProbe) this.probesSeen += 1;
    else this.count.attempts += 1;
    // One that came before the listener was closed.
    if (this.#cut === 'refuse' || this.#cut === 'reset') return caller.reset();
    if (this.#cut === 'drop') return this.#hold(caller, isProbe);
    return this.#carry(caller, isProbe);
  }

  /** @param {End} caller @param {boolean} isProbe */
  #hold(caller, isProbe) {
    const held = new HeldEnd(caller, () => {
      this.#held.delete(held);
      held.reset();
    });
    this.#held.set(held, () => this.#carry(held, isProbe));
  }

  /** @param {End} caller @param {boolean} isProbe */
  #carry(caller, isProbe) {
    const [first, ...others] = this.#placesFor(isProbe);
    this.#dialling.add(caller);
    /** @type {(service: End | undefined) => void} */
    const settle = (service) => {
      const next = others.shift();
      if (service === undefined && next !== undefined && this.#dialling.has(caller)) return dial(next, settle);
      // Reset meanwhile, where it is not among them any more.
      if (!this.#dialling.delete(caller) || service === undefined) {
        if (isProbe && service === undefined) this.probesRefused += 1;
        caller.reset();
        service?.reset();
        return undefined;
      }
      this.count[isProbe ? 'proofs' : 'connections'] += 1;
      const count = isProbe ? undefined : this.count;
      const carried = new Carried(caller, service, { count, onOver: () => this.carried.delete(carried) });
      this.carried.add(carried);
      carried.begin();
      if (this.#paces !== undefined) carried.keepTo(this.#paces);
      if (this.#cut === 'drop') carried.stall(true);
      return undefined;
    };
    if (first !== undefined) dial(first, settle);
  }

  /**
   * The gateway's address can be dialled from other networks of this host and from its LAN, too; and an engine that keeps networks apart
   * by no rules of its own leads callers of others to a sidecar, under the gateway's address where it masquerades. No container has that.
   *
   * @param {string} address
   */
  isInside(address) {
    if (address === this.plan.gateway) return false;
    return Math.floor(toNumber(address) / this.#size) === this.#network;
  }

  /** @param {(peer: Endpoint, bytes: Buffer) => void} reply */
  openDatagrams(reply) {
    this.datagrams = new Datagrams({
      target: ({ address }) => {
        if (!this.isInside(address)) return undefined;
        if (address !== this.plan.probeAddress) return { port: this.plan.hostPort, count: this.count };
        this.count.proofs += 1;
        return { port: this.trial ?? this.plan.hostPort };
      },
      onDropped: ({ address }) => {
        if (this.isInside(address) && address !== this.plan.probeAddress) this.count.attempts += 1;
      },
      reply,
    });
    return this.datagrams;
  }

  /** @param {number | undefined} port */
  divert(port) {
    this.trial = port;
    this.datagrams?.end(this.plan.probeAddress);
  }

  /** Whose connection has this end at the service's side, in this host. @param {Endpoint} end @returns {Endpoint | undefined} */
  callerBehind(end) {
    if (this.plan.protocol === 'udp') return this.datagrams?.peerBehind(end.port);
    for (const { caller, service } of this.carried) {
      const { address, port } = service.local();
      if (port === end.port && address === end.address) return caller.remote();
    }
    return undefined;
  }

  /** By which end a caller's connection is carried on. @param {Endpoint} from @returns {Endpoint | undefined} */
  carriedFrom(from) {
    for (const { caller, service } of this.carried) {
      const { address, port } = caller.remote();
      if (port === from.port && address === from.address) return service.local();
    }
    return undefined;
  }

  /** Listens, unless it is cut from the start. */
  async open() {
    this.#cut = this.plan.cut;
    this.#slow(this.plan.slow);
    if (this.datagrams !== undefined) this.datagrams.isStalled = this.#cut === 'drop';
    if (!this.#isDeaf(this.#cut)) await this.listener.start();
  }

  /** Established connections included. @param {Fault} fault */
  async disturb({ cut, slow }) {
    await this.#cutAs(cut);
    this.#slow(slow);
  }

  /** A latency is that of answers, and of no first word. @param {Slowness | undefined} slow */
  #slow(slow) {
    this.#paces = slow && { toCaller: new Pace(slow), toService: new Pace({ ...slow, latencyMs: 0, jitterMs: 0 }) };
    for (const carried of this.carried) carried.keepTo(this.#paces);
    if (this.datagrams !== undefined) this.datagrams.paces = this.#paces;
  }

  /** @param {CutMode | undefined} cut */
  async #cutAs(cut) {
    const was = this.#cut;
    this.#cut = cut;
    if (this.#isDeaf(cut) && !this.#isDeaf(was)) await this.listener.stop();
    if (cut === 'refuse' || cut === 'reset') this.#endAll();
    try {
      if (this.#isDeaf(was) && !this.#isDeaf(cut)) await this.listener.start();
    } catch (error) {
      this.#cut = was;
      throw error;
    }
    for (const carried of this.carried) carried.stall(cut === 'drop');
    if (this.datagrams !== undefined) this.datagrams.isStalled = cut === 'drop';
    if (cut !== 'drop') for (const carry of this.#takeHeld().values()) carry();
  }

  /** What is established ends, too. */
  async close() {
    this.isClosed = true;
    this.#endAll();
    if (!this.#isDeaf(this.#cut)) await this.listener.stop();
  }

  /** Whether nobody listens, so that the kernel refuses. UDP knows no reset. @param {CutMode | undefined} cut */
  #isDeaf(cut) {
    return cut === 'refuse' || (cut === 'reset' && this.plan.protocol === 'udp');
  }

  #endAll() {
    for (const carried of this.carried) carried.fail();
    for (const caller of this.#dialling) caller.reset();
    this.#dialling.clear();
    for (const held of this.#takeHeld().keys()) held.reset();
    this.datagrams?.end();
  }

  #takeHeld() {
    const held = this.#held;
    this.#held = new Map();
    return held;
  }

  /** @param {boolean} isProbe @returns {{ host: '127.0.0.1' | '::1', port: number }[]} */
  #placesFor(isProbe) {
    const { hosts, hostPort } = this.plan;
    if (isProbe && this.trial !== undefined) return [{ host: '127.0.0.1', port: this.trial }];
    return hosts.map((host) => ({ host, port: hostPort }));
  }
}

module.exports = { Port };
