// @ts-check
/*
 * The probe, run by a node in a container: `node -e <this text> <how long it lives without an order, in milliseconds>`. It visits networks,
 * dials there as it is told, and says when it has left one.
 */
const dns = require('node:dns');
const { createInterface } = require('node:readline');
const { hangUp } = require('./hang-up.cjs');
const { leaveLater } = require('./leave-later.cjs');
const { dialTarget, errorOf, say, Visit } = require('./probe-dial.cjs');

/** @import { DialOrder, EndOrder, ProbeOrder, ReleaseOrder } from '../proof/protocol.ts' */

/** @type {Map<number, InstanceType<typeof Visit>>} */
const visits = new Map();

/** @param {DialOrder} order */
const dial = (order) => {
  const visit = visits.get(order.visit) ?? new Visit();
  visits.set(order.visit, visit);
  /** @param {string} address */
  const dialAll = (address) => {
    // It may have been ended while the name was asked for.
    if (visits.get(order.visit) !== visit) return;
    visit.address = address;
    for (const target of order.targets) dialTarget(order, target, address, visit);
  };
  if (order.address !== undefined) return dialAll(order.address);
  const lookups = order.hostnames.map((hostname) => dns.promises.lookup(hostname, 4));
  Promise.all(lookups)
    .then((found) => {
      const [first] = found;
      if (first === undefined || found.some(({ address }) => address !== first.address))
        throw Object.assign(new Error('names of one host with several addresses'), { code: 'ENOTSAME' });
      return first.address;
    })
    .then(dialAll, (/** @type {NodeJS.ErrnoException} */ { code }) => {
      for (const { key } of order.targets)
        say({ visit: order.visit, key, event: 'unresolved', ms: 0, ...errorOf(code) });
    });
};

/** @param {ReleaseOrder} order */
const release = ({ visit, key }) => {
  visits.get(visit)?.held.get(key)?.destroy();
  visits.get(visit)?.held.delete(key);
};

/** Says that it left when each connection is closed at the other end too: the network can go then. @param {EndOrder} order */
const end = async ({ visit: id }) => {
  const visit = visits.get(id);
  visits.delete(id);
  for (const stop of visit?.dialling ?? []) stop();
  /** @type {(close: (closed: () => void) => void) => Promise<void>} */
  const closed = (close) => new Promise((resolve) => close(resolve));
  await Promise.all([...(visit?.open.values() ?? [])].map(closed));
  if (visit?.address !== undefined) await hangUp(visit.address);
  say({ visit: id, event: 'left' });
};

const idleMs = Number(process.argv[1]);
let lastOrderAt = performance.now();
setInterval(() => {
  if (performance.now() - lastOrderAt > idleMs) process.exit(0);
}, idleMs / 10);

createInterface({ input: process.stdin })
  .on('line', (line) => {
    lastOrderAt = performance.now();
    const order = /** @type {ProbeOrder} */ (JSON.parse(line));
    if (order.order === 'dial') dial(order);
    else if (order.order === 'release') release(order);
    else void end(order);
  })
  .on('close', () => {
    // Its process is gone, or removes it.
    for (const id of visits.keys()) void end({ order: 'end', visit: id });
    leaveLater();
  });
