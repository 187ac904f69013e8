// @ts-check
/*
 * What carries the bytes of a session's forwards, in a thread of its own: a test that blocks its event loop stalls nobody. It is told
 * by messages, and answers each with one.
 */
const { parentPort } = require('node:worker_threads');
const { listenForDatagrams } = require('./datagrams.cjs');
const { Door } = require('./door.cjs');
const { openDesk } = require('./desk.cjs');
const { listen } = require('./ends.cjs');
const { Port } = require('./relay-port.cjs');

/** @import { DeskQuestion, RelayAnswer, RelayOrder } from '../strategies/carrier/orders.ts' */

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
  port.listener = {
    start: () => door.listen(protocol, containerPort),
    stop: () => door.unlisten(protocol, containerPort),
  };
  await port.open();
};

/** @param {Port} port @param {string} address */
const listenOn = async (port, address) => {
  const at = { address, port: port.plan.containerPort };
  /** @type {() => void} */
  let close = () => undefined;
  const stop = () => close();
  if (port.plan.protocol === 'tcp') {
    const start = async () => {
      ({ close } = await listen(at, (caller) => port.accept(caller, caller.remote())));
    };
    port.listener = { start, stop };
  } else {
    /** @type {import('node:dgram').Socket | undefined} */
    let socket;
    const datagrams = port.openDatagrams((peer, bytes) => socket?.send(bytes, peer.port, peer.address));
    const start = async () => {
      const opened = await listenForDatagrams(at, (peer, bytes) => datagrams.receive(peer, bytes));
      socket = opened;
      close = () => {
        socket = undefined;
        opened.close();
      };
    };
    port.listener = { start, stop };
  }
  await port.open();
};

/** Where others ask, by forward. @type {Map<string, { close(): void }>} */
const desks = new Map();

/** @type {(forward: string, question: DeskQuestion) => unknown} */
const tell = (forward, question) => {
  if (question.do === 'proofs')
    return [...ports].flatMap(([name, { count, plan, probesSeen, probesRefused }]) => {
      const [of, key] = name.split(' ');
      return of === forward
        ? [[key, { packets: count.proofs, targetPort: plan.hostPort, probesSeen, probesRefused }]]
        : [];
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
      if (earlier !== undefined) {
        opened.count = earlier.count;
        opened.probesSeen = earlier.probesSeen;
        opened.probesRefused = earlier.probesRefused;
      }
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
    case 'disturb':
      return port?.disturb(order.fault);
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
