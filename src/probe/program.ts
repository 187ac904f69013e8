/** What the probe is told, a line each on its standard input; where that ends, it ends. */
export type ProbeOrder = DialOrder | { readonly order: 'release'; readonly key: string };

/** Dials each target until it is answered or time is up. */
export interface DialOrder {
  readonly order: 'dial';
  readonly hostname: string;
  /** How long it dials, in milliseconds. */
  readonly timeoutMs: number;
  readonly targets: readonly {
    readonly key: string;
    readonly protocol: 'tcp' | 'udp';
    readonly port: number;
    readonly path?: string;
    readonly nonce?: string;
    /** Something listens there, so a refusal is no answer: somebody else refuses. */
    readonly insist: boolean;
  }[];
}

/** What the probe says, a line each: `quiet` at the first dial that nobody answers, and once for each target how it ended. */
export interface ProbeEvent {
  readonly key: string;
  readonly event: 'nonce' | 'accepted' | 'refused' | 'foreign' | 'quiet' | 'rejected' | 'timeout' | 'unresolved';
  /** Since the first dial, in milliseconds. */
  readonly ms: number;
  readonly address?: string;
  /** The probe's own end of the connection that was accepted, which it holds until it is told to release it. */
  readonly from?: { readonly address: string; readonly port: number };
  readonly seenFrom?: string;
  readonly error?: string;
}

/** Whether that was the last word on a target. */
export const isEnd = ({ event }: ProbeEvent): boolean => event !== 'quiet' && event !== 'rejected';

/**
 * The probe, run by a node in a container: dials each target anew every 100 ms until it is answered or time is up, since a rule that is
 * put in meanwhile counts for the next dial only. A service that is not ours is connected to and never written to, and the connection
 * is held, so that the host can look where it arrived. Its argument: how long it lives at most, in milliseconds.
 */
export const probeProgram = String.raw`
const net = require('node:net'), dgram = require('node:dgram'), dns = require('node:dns');
setTimeout(() => process.exit(0), Number(process.argv[1]));
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const held = new Map();
const release = ({ key }) => { held.get(key)?.destroy(); held.delete(key); };
const probe = (target, order, address) => {
  const startedAt = performance.now();
  const open = new Set();
  let quiet = false, done = false;
  const tell = (event, more) => say({ key: target.key, event, ms: performance.now() - startedAt, address, ...more });
  const end = (event, more, keep) => {
    if (done) return;
    done = true;
    clearInterval(dialling); clearTimeout(deadline); clearTimeout(waiting);
    const from = keep && { address: keep.localAddress, port: keep.localPort };
    if (keep) { release(target); held.set(target.key, keep); }
    for (const socket of open) if (socket !== keep) socket.destroy ? socket.destroy() : socket.close();
    tell(event, { from, ...more });
  };
  const trouble = (event, more) => { if (!quiet && !done) { quiet = true; tell(event, more); } };
  const dialTcp = () => {
    // Half open: a service that closes at once is still seen.
    const socket = net.connect({ host: address, port: target.port, allowHalfOpen: true });
    let received = '';
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('connect', () => {
      if (target.nonce === undefined) return end('accepted', {}, socket);
      socket.write('GET ' + target.path + ' HTTP/1.1\r\nHost: ' + order.hostname + '\r\nConnection: close\r\n\r\n');
    });
    socket.on('data', (chunk) => {
      if (done) return;
      received += chunk;
      const body = received.slice(received.indexOf('\r\n\r\n') + 4);
      const answer = /\{[^}]*\}/.exec(body);
      if (answer === null) return;
      let { nonce, seenFrom } = {};
      try { ({ nonce, seenFrom } = JSON.parse(answer[0])); } catch {}
      if (nonce === target.nonce) end('nonce', { seenFrom });
      else end('foreign', {}, socket);
    });
    socket.on('end', () => {
      if (!done && target.nonce !== undefined) end('foreign', { error: received.split('\r\n')[0] }, socket);
    });
    socket.on('error', (error) => {
      if (done) return;
      if (error.code === 'ECONNREFUSED' && !target.insist) end('refused');
      else if (error.code === 'ECONNRESET' && target.nonce === undefined) end('accepted', { error: error.code });
      else trouble('rejected', { error: error.code });
    });
  };
  const socket = target.protocol === 'udp' ? dgram.createSocket('udp4') : undefined;
  if (socket !== undefined) {
    open.add(socket);
    socket.connect(target.port, address, () => dialUdp());
    socket.on('message', (message) => {
      let answer = {};
      try { answer = JSON.parse(message.toString()); } catch {}
      end(answer.nonce === target.nonce ? 'nonce' : 'foreign', { seenFrom: answer.seenFrom });
    });
    socket.on('error', (error) => (error.code === 'ECONNREFUSED' && !target.insist ? end('refused') : trouble('rejected', { error: error.code })));
  }
  const dialUdp = () => { try { socket.send(target.nonce); } catch {} };
  const dial = socket === undefined ? dialTcp : dialUdp;
  const dialling = setInterval(() => { if (open.size < 40) dial(); }, 100);
  const deadline = setTimeout(() => end('timeout'), order.timeoutMs);
  const waiting = setTimeout(() => trouble('quiet'), 250);
  if (socket === undefined) dial();
};
const dial = (order) => dns.lookup(order.hostname, 4, (error, address) => {
  for (const target of order.targets)
    if (error) say({ key: target.key, event: 'unresolved', ms: 0, error: error.code });
    else probe(target, order, address);
});
require('node:readline').createInterface({ input: process.stdin })
  .on('line', (line) => { const order = JSON.parse(line); (order.order === 'dial' ? dial : release)(order); })
  .on('close', () => process.exit(0));
`;
