// @ts-check
/*
 * How the probe dials one target: anew every 100 ms until it is answered or time is up, since a rule that is put in meanwhile counts for
 * the next dial only. A service that is not ours is connected to and never written to, and the connection is held, so that the host can
 * look where it arrived.
 */
const dgram = require('node:dgram');
const net = require('node:net');

/** @import { DialOrder, ProbeEvent, ProbeLeft, ProbeTarget } from '../proof/protocol.ts' */

const dialEveryMs = 100;
const quietAfterMs = 250;
const mostOpen = 40;

/** @type {(line: ProbeEvent | ProbeLeft) => void} */
const say = (line) => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** What is open of a visit: sockets, each with what closes it and then calls back. */
class Visit {
  /** @type {Map<object, (closed: () => void) => void>} */
  open = new Map();
  /** Connections that are held, by their target's key. @type {Map<string, net.Socket>} */
  held = new Map();
  /** Stops dialling. @type {Set<() => void>} */
  dialling = new Set();
  /** What it dials. @type {string | undefined} */
  address;

  /** @param {net.Socket | dgram.Socket} socket */
  add(socket) {
    let isClosing = false;
    this.open.set(socket, (closed) => {
      socket.once('close', closed);
      if (socket instanceof net.Socket) socket.destroy();
      // Unlike a connection, it minds being closed twice.
      else if (!isClosing) socket.close();
      isClosing = true;
    });
    socket.on('close', () => this.open.delete(socket));
  }
}

/** @type {(order: DialOrder, target: ProbeTarget, address: string, visit: Visit) => void} */
const dialTarget = (order, target, address, visit) => {
  const startedAt = performance.now();
  /** @type {Set<net.Socket | dgram.Socket>} */
  const mine = new Set();
  let wasTroubled = false;
  let done = false;

  /** @type {(event: ProbeEvent['event'], more?: Partial<ProbeEvent>) => void} */
  const tell = (event, more) =>
    say({ visit: order.visit, key: target.key, event, ms: performance.now() - startedAt, address, ...more });

  /** @param {net.Socket} [keep] */
  const stop = (keep) => {
    done = true;
    clearInterval(dialling);
    clearTimeout(deadline);
    clearTimeout(waiting);
    visit.dialling.delete(stop);
    for (const socket of mine) if (socket !== keep) visit.open.get(socket)?.(() => undefined);
  };

  /** @type {(event: ProbeEvent['event'], more?: Partial<ProbeEvent>, keep?: net.Socket) => void} */
  const end = (event, more, keep) => {
    if (done) return;
    stop(keep);
    if (keep === undefined) return tell(event, more);
    visit.held.get(target.key)?.destroy();
    visit.held.set(target.key, keep);
    tell(event, { from: { address: keep.localAddress ?? '', port: keep.localPort ?? 0 }, ...more });
  };

  /** @type {(event: 'quiet' | 'rejected', more?: Partial<ProbeEvent>) => void} */
  const trouble = (event, more) => {
    if (wasTroubled || done) return;
    wasTroubled = true;
    tell(event, more);
  };

  /** @param {NodeJS.ErrnoException} error */
  const refuse = ({ code }) =>
    code === 'ECONNREFUSED' && !target.insist ? end('refused') : trouble('rejected', errorOf(code));

  const dialTcp = () => {
    // Half open: a service that closes at once is still seen.
    const socket = net.connect({ host: address, port: target.port, allowHalfOpen: true });
    let received = '';
    visit.add(socket);
    mine.add(socket);
    socket.on('close', () => mine.delete(socket));
    socket.on('connect', () => {
      if (target.nonce === undefined) return end('accepted', {}, socket);
      socket.write(`GET ${target.path} HTTP/1.1\r\nHost: ${order.hostnames[0]}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk) => {
      if (done) return;
      received += chunk.toString();
      const [answer] = /\{[^}]*\}/.exec(received.slice(received.indexOf('\r\n\r\n') + 4)) ?? [];
      if (answer === undefined) return;
      const { nonce, ...seen } = parse(answer);
      if (nonce === target.nonce) end('nonce', seen);
      else end('foreign', {}, socket);
    });
    socket.on('end', () => {
      if (target.nonce !== undefined) end('foreign', errorOf(received.split('\r\n')[0]), socket);
    });
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code === 'ECONNRESET' && target.nonce === undefined) end('accepted', errorOf(error.code));
      else if (!done) refuse(error);
    });
  };

  /** @type {() => () => void} */
  const openUdp = () => {
    const socket = dgram.createSocket('udp4');
    const send = () => {
      try {
        socket.send(target.nonce ?? '');
      } catch {
        // Not connected yet: the next one is.
      }
    };
    visit.add(socket);
    mine.add(socket);
    socket.on('close', () => mine.delete(socket));
    socket.on('message', (message) => {
      const { nonce, ...seen } = parse(message.toString());
      end(nonce === target.nonce ? 'nonce' : 'foreign', seen);
    });
    socket.on('error', refuse);
    socket.connect(target.port, address, send);
    return send;
  };

  const dial = target.protocol === 'udp' ? openUdp() : dialTcp;
  const dialling = setInterval(() => {
    if (mine.size < mostOpen) dial();
  }, dialEveryMs);
  const deadline = setTimeout(() => end('timeout'), order.timeoutMs);
  const waiting = setTimeout(() => trouble('quiet'), quietAfterMs);
  visit.dialling.add(stop);
  if (dial === dialTcp) dial();
};

/** What our own listener says of itself. @type {(text: string) => { nonce?: string, seenFrom?: string }} */
const parse = (text) => {
  try {
    const { nonce, seenFrom } = JSON.parse(text) ?? {};
    return { nonce, ...(typeof seenFrom === 'string' ? { seenFrom } : {}) };
  } catch {
    return {};
  }
};

/** @type {(error: string | undefined) => { error?: string }} */
const errorOf = (error) => (error === undefined ? {} : { error });

module.exports = { dialTarget, errorOf, say, Visit };
