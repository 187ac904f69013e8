// @ts-check
/*
 * What carries the bytes of a session's forwards, in a thread of its own: a test that blocks its event loop stalls nobody. It is told
 * by messages, and answers each with one.
 */
const { parentPort } = require('node:worker_threads');
const { Carried } = require('./carry.cjs');
const { Datagrams, listenForDatagrams } = require('./datagrams.cjs');
const { Door } = require('./door.cjs');
const { openDesk } = require('./desk.cjs');
const { dial, listen } = require('./ends.cjs');

/** @import { End, Endpoint } from './ends.cjs' */
/** @import { Count } from './carry.cjs' */
/** @import { DeskQuestion, RelayAnswer, RelayOrder, RelayPort } from '../strategies/carrier/orders.ts' */

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
  /** @type {() => void} */
  stop = () => undefined;
  isClosed = false;
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
    if (!isProbe) this.count.attempts += 1;
    const [first, ...others] = this.#placesFor(isProbe);
    this.#dialling.add(caller);
    /** @type {(service: End | undefined) => void} */
    const settle = (service) => {
      const next = others.shift();
      if (service === undefined && next !== undefined && !this.isClosed) return dial(next, settle);
      this.#dialling.delete(caller);
      if (service === undefined || this.isClosed) {
        caller.reset();
        service?.reset();
        return undefined;
      }
      this.count[isProbe ? 'proofs' : 'connections'] += 1;
      const count = isProbe ? undefined : this.count;
      const carried = new Carried(caller, service, { count, onOver: () => this.carried.delete(carried) });
      this.carried.add(carried);
      carried.begin();
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

  /** What is established ends, too. */
  close() {
    this.isClosed = true;
    this.stop();
    for (const carried of this.carried) carried.fail();
    for (const caller of this.#dialling) caller.reset();
    this.datagrams?.end();
  }

  /** @param {boolean} isProbe @returns {{ host: '127.0.0.1' | '::1', port: number }[]} */
  #placesFor(isProbe) {
    const { hosts, hostPort } = this.plan;
    if (isProbe && this.trial !== undefined) return [{ host: '127.0.0.1', port: this.trial }];
    return hosts.map((host) => ({ host, port: hostPort }));
  }
}

/** All ports, by forward and key. @type {Map<string, Port>} */
const ports = new Map();
const nameOf = (/** @type {string} */ forward, /** @type {string} */ key) => `${forward} ${key}`;

/** Doors of sidecars, by forward. @type {Map<string, Door>} */
const doors = new Map();

/** @param {string} forward */
const openDoor = (forward) =>
  new Door({
    onConnection: (containerPort, caller, from) => {
      const port = ports.get(nameOf(forward, `tcp/${containerPort}`));
      if (port === undefined) caller.reset();
      else port.accept(caller, from);
    },
    onDatagram: (containerPort, peer, bytes) =>
      ports.get(nameOf(forward, `udp/${containerPort}`))?.datagrams?.receive(peer, bytes),
  });

/** @param {Port} port @param {Door} door */
const listenBehind = async (port, door) => {
  const { protocol, containerPort } = port.plan;
  if (protocol === 'udp')
    port.openDatagrams((peer, bytes) =>
      door.link.tell({ datagram: bytes.toString('base64'), port: containerPort, peer }),
    );
  await door.listen(protocol, containerPort);
  port.stop = () => door.link.tell({ close: protocol, port: containerPort });
};

/** @param {Port} port @param {string} address */
const listenOn = async (port, address) => {
  const at = { address, port: port.plan.containerPort };
  if (port.plan.protocol === 'tcp') {
    const { close } = await listen(at, (caller) => port.accept(caller, caller.remote()));
    port.stop = close;
    return;
  }
  const datagrams = port.openDatagrams((peer, bytes) => socket.send(bytes, peer.port, peer.address));
  const socket = await listenForDatagrams(at, (peer, bytes) => datagrams.receive(peer, bytes));
  port.stop = () => socket.close();
};

/** Where others ask, by forward. @type {Map<string, { close(): void }>} */
const desks = new Map();

/** @type {(forward: string, question: DeskQuestion) => unknown} */
const tell = (forward, question) => {
  if (question.do === 'proofs')
    return [...ports].flatMap(([name, { count, plan }]) => {
      const [of, key] = name.split(' ');
      return of === forward ? [[key, { packets: count.proofs, targetPort: plan.hostPort }]] : [];
    });
  const port = ports.get(nameOf(forward, question.key));
  switch (question.do) {
    case 'count':
      return port?.count;
    case 'isOpen':
      return port !== undefined && doors.get(forward)?.isLost !== true;
    case 'carriedFrom':
      return port?.carriedFrom(question.end);
    case 'callerBehind':
      return port?.callerBehind(question.end);
    default:
      return undefined;
  }
};

/** @type {(order: RelayOrder) => Promise<unknown>} */
const obey = async (order) => {
  const port = 'key' in order ? ports.get(nameOf(order.forward, order.key)) : undefined;
  switch (order.do) {
    case 'listen': {
      const opened = new Port(order.port);
      const door = doors.get(order.forward);
      // One that lost its sidecar is opened anew, and goes on counting.
      const earlier = ports.get(nameOf(order.forward, order.key));
      if (earlier !== undefined) opened.count = earlier.count;
      earlier?.close();
      await (door === undefined ? listenOn(opened, order.address) : listenBehind(opened, door));
      return void ports.set(nameOf(order.forward, order.key), opened);
    }
    case 'close':
      ports.delete(nameOf(order.forward, order.key));
      return port?.close();
    case 'openDoor': {
      const door = openDoor(order.forward);
      await door.open(order.path);
      return void doors.set(order.forward, door);
    }
    case 'awaitSidecar':
      return doors.get(order.forward)?.came;
    case 'closeDoor': {
      const door = doors.get(order.forward);
      doors.delete(order.forward);
      return door?.close();
    }
    case 'divert':
      for (const [name, one] of ports)
        if (name.startsWith(`${order.forward} `)) one.divert(order.trials[name.slice(order.forward.length + 1)]);
      return undefined;
    case 'ask':
      return tell(order.forward, order.question);
    case 'openDesk':
      return void desks.set(order.forward, await openDesk(order.path, (question) => tell(order.forward, question)));
    case 'closeDesk':
      desks.get(order.forward)?.close();
      return void desks.delete(order.forward);
    default:
      throw new Error(`no such order: ${JSON.stringify(order)}`);
  }
};

/** @param {RelayAnswer} said */
const answer = (said) => parentPort?.postMessage(said);

parentPort?.on('message', (/** @type {{ id: number, order: RelayOrder }} */ { id, order }) => {
  obey(order).then(
    (value) => answer({ id, value }),
    (/** @type {NodeJS.ErrnoException} */ error) => answer({ id, error: { code: error.code, message: error.message } }),
  );
});
// One connection's fault ends no other one, and never the process that this thread is part of.
process.on('uncaughtException', ({ message }) => answer({ id: 0, error: { code: undefined, message } }));
