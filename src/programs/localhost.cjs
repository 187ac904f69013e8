// @ts-check
/*
 * Stands at the localhost of somebody's container, in whose network namespace it runs: `node -e <this text> <host>`. What comes to a port
 * there goes on to the same port of that host, which leads to a forward. It is told by lines of JSON, answers each with one, and ends with
 * its input.
 */
const { lookup } = require('node:dns');
const { isIP } = require('node:net');
const { createInterface } = require('node:readline');
const { Carried } = require('./carry.cjs');
const { Datagrams, listenForDatagrams } = require('./datagrams.cjs');
const { dial, listen } = require('./ends.cjs');
const { leaveLater } = require('./leave-later.cjs');

/** @import { End } from './ends.cjs' */
/** @typedef {{ id: number, do: 'listen' | 'close', protocol: 'tcp' | 'udp', port: number }} Order */

const host = process.argv[1] ?? '';

/** What is listened on, with what stops it. @type {Map<string, { close(): void }[]>} */
const open = new Map();
/** @type {Set<Carried>} */
const all = new Set();

/** @param {End} caller @param {{ isClosed: boolean }} state @param {number} port @param {string} address */
const carry = (caller, state, port, address) =>
  dial({ host: address, port }, (service) => {
    if (service === undefined || state.isClosed) {
      caller.reset();
      service?.reset();
      return;
    }
    const carried = new Carried(caller, service, { onOver: () => all.delete(carried) });
    all.add(carried);
    carried.begin();
  });

/** A container need not have IPv6. @param {NodeJS.ErrnoException} error */
const unlessMissing = (error) => {
  if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT' && error.code !== 'EINVAL') throw error;
  return undefined;
};

/** @param {Order} order @param {string} address */
const start = async ({ protocol, port }, address) => {
  /** @type {{ close(): void }[]} */
  const parts = [];
  open.set(`${protocol}/${port}`, parts);
  if (protocol === 'udp') {
    const datagrams = new Datagrams({
      target: () => ({ host: address, port }),
      reply: (peer, bytes) => socket.send(bytes, peer.port, peer.address),
    });
    const socket = await listenForDatagrams({ address: '127.0.0.1', port }, (peer, bytes) =>
      datagrams.receive(peer, bytes),
    );
    parts.push({ close: () => (datagrams.end(), socket.close()) });
    return;
  }
  const state = { isClosed: false };
  const accept = (/** @type {End} */ caller) => carry(caller, state, port, address);
  parts.push({ close: () => void (state.isClosed = true) });
  parts.push(await listen({ address: '127.0.0.1', port }, accept));
  const second = await listen({ address: '::1', port }, accept).catch(unlessMissing);
  if (second !== undefined) parts.push(second);
};

/** @param {string} key */
const stop = (key) => {
  for (const part of open.get(key) ?? []) part.close();
  open.delete(key);
};

/** @returns {Promise<string>} */
const findHost = () =>
  new Promise((resolve, reject) => {
    if (isIP(host) !== 0) resolve(host);
    else lookup(host, { family: 4 }, (error, address) => (error === null ? resolve(address) : reject(error)));
  });

/** @param {object} word */
const say = (word) => void process.stdout.write(`${JSON.stringify(word)}\n`);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    // Some engines write a line of their own to what is attached.
    if (line === '') return;
    /** @type {Order} */
    const order = JSON.parse(line);
    const key = `${order.protocol}/${order.port}`;
    const done =
      order.do === 'close' ? Promise.resolve(stop(key)) : findHost().then((address) => start(order, address));
    done.then(
      () => say({ id: order.id }),
      ({ code, message }) => {
        stop(key);
        say({ id: order.id, error: { code, message } });
      },
    );
  })
  .on('close', () => {
    for (const key of open.keys()) stop(key);
    for (const carried of all) carried.fail();
    leaveLater();
  });
