/** What the probe is told. */
export interface ProbeOrder {
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
  readonly seenFrom?: string;
  readonly error?: string;
}

/**
 * The probe, run by a node in a container: dials each target anew every 100 ms until it is answered or time is up, since a rule that is
 * put in meanwhile counts for the next dial only. A service that is not ours is connected to and never written to.
 */
export const probeProgram = String.raw`
const net = require('node:net'), dgram = require('node:dgram'), dns = require('node:dns');
const order = JSON.parse(process.argv[1]);
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');
const probe = (target, address) => new Promise((resolve) => {
  const startedAt = performance.now();
  const open = new Set();
  let quiet = false, done = false;
  const tell = (event, more) => say({ key: target.key, event, ms: performance.now() - startedAt, address, ...more });
  const end = (event, more) => {
    if (done) return;
    done = true;
    clearInterval(dialling); clearTimeout(deadline); clearTimeout(waiting);
    for (const socket of open) socket.destroy ? socket.destroy() : socket.close();
    tell(event, more);
    resolve();
  };
  const trouble = (event, more) => { if (!quiet && !done) { quiet = true; tell(event, more); } };
  const dialTcp = () => {
    const socket = net.connect({ host: address, port: target.port });
    let received = '';
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('connect', () => {
      if (target.nonce === undefined) return end('accepted');
      socket.write('GET ' + target.path + ' HTTP/1.1\r\nHost: ' + order.hostname + '\r\nConnection: close\r\n\r\n');
    });
    socket.on('data', (chunk) => {
      received += chunk;
      const body = received.slice(received.indexOf('\r\n\r\n') + 4);
      const answer = /\{[^}]*\}/.exec(body);
      if (answer === null) return;
      const { nonce, seenFrom } = JSON.parse(answer[0]);
      end(nonce === target.nonce ? 'nonce' : 'foreign', { seenFrom });
    });
    socket.on('end', () => { if (target.nonce !== undefined && !done) end('foreign', { error: received.split('\r\n')[0] }); });
    socket.on('error', (error) => {
      if (error.code === 'ECONNREFUSED' && !target.insist) end('refused');
      else if (error.code === 'ECONNRESET' && target.nonce === undefined) end('accepted');
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
});
dns.lookup(order.hostname, 4, (error, address) => {
  if (error) { for (const { key } of order.targets) say({ key, event: 'unresolved', ms: 0, error: error.code }); process.exit(0); }
  Promise.all(order.targets.map((target) => probe(target, address))).then(() => process.exit(0));
});
`;
