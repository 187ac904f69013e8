// @ts-check
/* Tries what must not work, run by a node in a container: `node -e <this text> <order as JSON>`. Says how each attempt ended. */
const { execFileSync } = require('node:child_process');
const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');
const { leaveLater } = require('./leave-later.cjs');

/** @import { Attempt, Dial, IntruderOrder, Outcome, Scan, Send } from '../smoke/intruder.ts' */

const order = /** @type {IntruderOrder & { ip?: string }} */ (JSON.parse(process.argv[1] ?? '{}'));
let slowest = 0;

/** @type {(attempt: Dial) => Promise<Outcome>} */
const dial = ({ address, port, timeoutMs, resetWithinMs }) =>
  new Promise((resolve) => {
    const startedAt = performance.now();
    const socket = net.connect({ host: address, port });
    /** @param {Outcome} outcome */
    const end = (outcome) => {
      clearTimeout(timer);
      socket.destroy();
      if (outcome !== 'silence') slowest = Math.max(slowest, performance.now() - startedAt);
      resolve(outcome);
    };
    let timer = setTimeout(() => end('silence'), Math.max(timeoutMs, 10 * slowest));
    // Who let somebody in was open, however soon he hangs up. A carrier of ours cannot refuse: it accepts, and resets or, by an sshd, ends.
    socket.on('connect', () => {
      if (resetWithinMs === undefined) return end('open');
      clearTimeout(timer);
      timer = setTimeout(end, resetWithinMs, 'open');
    });
    socket.on('end', () => end('END')).resume();
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ { code, message }) =>
      end(resetWithinMs === undefined && wasIn(code) ? 'open' : (code ?? message)),
    );
  });

/**
 * Whether somebody accepted who reset before Node could say so: what never was connected is refused, and not reset.
 * @param {string | undefined} code
 */
const wasIn = (code) => code === 'ECONNRESET';

/** How many ports are dialled at once: more would crowd the answers out. */
const atOnce = 4_000;

/** How long the port that is known to answer may take beside them, in milliseconds. */
const controlMs = 10_000;

/** @type {(range: number | readonly [number, number]) => number[]} */
const portsOf = (range) => {
  const [first, last] = typeof range === 'number' ? [range, range] : range;
  return Array.from({ length: last - first + 1 }, (_, n) => first + n);
};

/** What says that this side could not even dial. */
const ownFailures = ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL'];

/**
 * Where somebody accepts, as `address:port` apart by commas. After each lot a port is dialled that is known to answer: the others are
 * waited for until it has, and a while longer.
 * @type {(scan: Scan) => Promise<Outcome>}
 */
const scan = async ({ addresses, ports, control, timeoutMs }) => {
  const all = ports.flatMap(portsOf);
  const places = addresses.flatMap((host) => all.map((port) => ({ host, port })));
  /** @type {Set<string>} */
  const open = new Set();
  let failure = '';
  for (let first = 0; first < places.length; first += atOnce) {
    /** @type {Set<net.Socket>} */
    const sockets = new Set();
    for (const place of places.slice(first, first + atOnce)) {
      const socket = net.connect(place);
      sockets.add(socket);
      socket.on('connect', () => open.add(`${place.host}:${place.port}`));
      socket.on('error', (/** @type {NodeJS.ErrnoException} */ { code = '' }) => {
        sockets.delete(socket);
        if (wasIn(code)) open.add(`${place.host}:${place.port}`);
        if (ownFailures.includes(code)) failure = code;
      });
    }
    const answer = await dial({ key: '', address: order.gateway, port: control, timeoutMs: controlMs });
    if (answer !== 'open') failure = `the forwarded port did not answer meanwhile: ${answer}`;
    if (sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, timeoutMs));
    for (const socket of sockets) socket.destroy();
  }
  return failure === '' ? [...open].join(',') : `not known: ${failure}`;
};

/** Whoever it comes to tells. @type {(send: Send) => Promise<Outcome>} */
const send = ({ address, port, text }) =>
  new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    socket.send(text, port, address, (error) => {
      socket.close();
      resolve(error === null ? 'sent' : (/** @type {NodeJS.ErrnoException} */ (error).code ?? error.message));
    });
  });

/** By whichever name server the engine gives its containers. @type {(name: string) => Promise<Outcome>} */
const resolveName = (name) =>
  new dns.promises.Resolver({ timeout: 1_000, tries: 1 }).resolve4(name).then(
    (addresses) => `open: ${addresses.join(', ')}`,
    (/** @type {NodeJS.ErrnoException} */ { code, message }) => code ?? message,
  );

/** @type {(attempt: Attempt) => Promise<Outcome>} */
const attemptOne = async (attempt) => {
  if ('text' in attempt) return send(attempt);
  if ('name' in attempt) return resolveName(attempt.name);
  return 'ports' in attempt ? scan(attempt) : dial(attempt);
};

/** @type {(key: string, outcome: Outcome) => void} */
const say = (key, outcome) => void process.stdout.write(`${JSON.stringify({ key, outcome })}\n`);

/** One after the other: the slowest answer tells how long silence is waited for. @param {readonly Attempt[]} attempts */
const run = async (attempts) => {
  for (const attempt of attempts) say(attempt.key, await attemptOne(attempt));
};

/** Leads what is not of its network to the gateway, as far as it may. */
const routeOutside = () => {
  if (order.ip === undefined) return;
  try {
    execFileSync(order.ip, ['route', 'add', 'default', 'via', order.gateway], { stdio: 'pipe' });
  } catch {
    // It has such a route already.
  }
};

/** Whether 127.0.0.1 goes to the gateway now. */
const reroute = () => {
  const { ip: program, gateway } = order;
  if (program === undefined) return false;
  /** @param {string[]} args */
  const ip = (...args) => execFileSync(program, args, { stdio: 'pipe' });
  try {
    ip('addr', 'del', '127.0.0.1/8', 'dev', 'lo');
    try {
      ip('route', 'del', 'local', '127.0.0.0/8', 'table', 'local');
    } catch {
      // It went with the address.
    }
    ip('route', 'add', '127.0.0.1/32', 'via', gateway);
    return true;
  } catch {
    return false;
  }
};

/** @param {Attempt} attempt */
const isRerouted = (attempt) => 'rerouted' in attempt && attempt.rerouted;

void (async () => {
  if (order.routesOutside === true) routeOutside();
  await run(order.attempts.filter((attempt) => !isRerouted(attempt)));
  const hard = order.attempts.filter(isRerouted);
  if (hard.length === 0) return;
  if (reroute()) await run(hard);
  else for (const { key } of hard) say(key, 'untried');
})().finally(() => process.stdout.write('over\n'));
// Its process is gone, or removes it.
process.stdin.on('end', leaveLater).resume();
