// @ts-check
/*
 * The sidecar, run by a node in a container: `node -e <this text> <path of the socket>`. It listens where our process tells it to, and
 * carries all that comes to the process by the socket. It ends with its input or the link.
 */
const { Carried } = require('./carry.cjs');
const { listenForDatagrams } = require('./datagrams.cjs');
const { dial, listen } = require('./ends.cjs');
const { Link, LinkedEnd, renderHead } = require('./link.cjs');

/** @import { End } from './ends.cjs' */
/** @import { Word } from './link.cjs' */

const path = process.argv[1] ?? '';
const address = '0.0.0.0';
let connections = 0;

/** What is listened on, with what stops it. @type {Map<string, { close(): void, send?(bytes: Buffer, port: number, address: string): void }>} */
const open = new Map();

/** Callers whose way to our process is not open yet. @type {Set<End>} */
const dialling = new Set();

/** @param {End} caller @param {number} port */
const carry = (caller, port) => {
  dialling.add(caller);
  const head = { id: (connections = (connections % 0xffffffff) + 1), port, caller: caller.remote() };
  dial({ path }, (end) => {
    dialling.delete(caller);
    if (end === undefined) return caller.reset();
    const linked = link.add(new LinkedEnd(end, head, link));
    if (end.write(renderHead(head), () => undefined) === 'failed') return caller.reset();
    return new Carried(caller, linked, { onOver: () => undefined }).begin();
  });
};

/** @type {(protocol: 'tcp' | 'udp', port: number) => Promise<void>} */
const start = async (protocol, port) => {
  const key = `${protocol}/${port}`;
  const at = { address, port };
  if (protocol === 'tcp') return void open.set(key, await listen(at, (caller) => carry(caller, port)));
  const socket = await listenForDatagrams(at, (peer, bytes) =>
    link.tell({ datagram: bytes.toString('base64'), port, peer }),
  );
  return void open.set(key, { close: () => socket.close(), send: (...datagram) => socket.send(...datagram) });
};

/** @param {Word} word */
const obey = (word) => {
  if ('listen' in word) {
    start(word.protocol, word.port).then(
      () => link.tell({ listening: word.listen }),
      ({ code, message }) => link.tell({ listening: word.listen, error: { code, message } }),
    );
  } else if ('close' in word) {
    open.get(`${word.close}/${word.port}`)?.close();
    open.delete(`${word.close}/${word.port}`);
    if (word.number !== undefined) link.tell({ listening: word.number });
  } else if ('datagram' in word)
    open.get(`udp/${word.port}`)?.send?.(Buffer.from(word.datagram, 'base64'), word.peer.port, word.peer.address);
};

/** The kernel would end what is open as if all had been said. */
const leave = () => {
  link.close();
  for (const caller of dialling) caller.reset();
  process.exit(0);
};

const link = new Link({ word: obey, lost: leave });
dial({ path }, (end) => {
  if (end === undefined) {
    process.stderr.write(`the socket at ${path} cannot be connected to\n`);
    process.exit(1);
  }
  end.write(renderHead({ id: 0, port: 0, caller: { address: '0.0.0.0', port: 0 } }), () => undefined);
  end.read(Buffer.alloc(65_536), link.startTelling(end));
});
process.stdin.on('end', leave).resume();
