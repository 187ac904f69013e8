// @ts-check
/*
 * The sidecar, run by a node in a container: `node -e <this text> <path of the socket>`. It listens where our process tells it to, and
 * carries all that comes to the process by the socket. It ends with its input; a line on standard output says that the link is lost.
 */
const { Carried } = require('./carry.cjs');
const { listenForDatagrams } = require('./datagrams.cjs');
const { dial, listen } = require('./ends.cjs');
const { leaveLater } = require('./leave-later.cjs');
const { Link } = require('./link.cjs');

/** @import { Word } from './link.cjs' */

const path = process.argv[1] ?? '';
const address = '0.0.0.0';

/** What is listened on, with what stops it. @type {Map<string, { close(): void, send?(bytes: Buffer, port: number, address: string): void }>} */
const open = new Map();

/** @type {(protocol: 'tcp' | 'udp', port: number) => Promise<void>} */
const start = async (protocol, port) => {
  const key = `${protocol}/${port}`;
  const at = { address, port };
  if (protocol === 'tcp')
    return void open.set(
      key,
      await listen(at, (caller) =>
        new Carried(caller, link.open(port, caller.remote()), { onOver: () => undefined }).begin(),
      ),
    );
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

/** As where nothing listens any more: callers are refused until it goes. */
const wait = () => {
  process.stdout.write('lost\n');
  for (const one of open.values()) one.close();
  open.clear();
  leaveLater();
};

const link = new Link({
  word: obey,
  lost: wait,
  dial: (done) => dial({ path }, done),
});
dial({ path }, (end) => {
  if (end === undefined) {
    process.stderr.write(`the socket at ${path} cannot be connected to\n`);
    return wait();
  }
  link.share(end);
});
// An engine that is killed never ends its input.
process.stdin
  .on('end', () => {
    // The kernel would end what is open as if all had been said.
    link.close();
    wait();
  })
  .resume();
