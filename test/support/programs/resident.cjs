// @ts-check
/*
 * What the Node in a test container runs, as `node --eval <this text>`: one question a line on standard input, one answer a line on
 * standard output. A dial that nothing answers ends with TIMEOUT.
 */
const crypto = require('node:crypto');
const dgram = require('node:dgram');
const http = require('node:http');
const net = require('node:net');
const { createInterface } = require('node:readline');

/** @typedef {{ answer: unknown } | { error: string }} Result */
/** @typedef {(answer: unknown) => void} Done */
/** @typedef {(error: NodeJS.ErrnoException | { code: string }) => void} Fail */
/** What begins a dial, and returns what ends it. @typedef {(done: Done, fail: Fail) => () => unknown} Start */

/** How long somebody waits, in milliseconds; null is what JSON makes of nothing. @typedef {number | null} Patience */

/** @type {(start: Start, patience?: Patience) => Promise<Result>} */
const dial = (start, patience) =>
  new Promise((resolve) => {
    let isSettled = false;
    /** @type {(() => unknown) | undefined} */
    let end;
    /** @param {Result} result */
    const settle = (result) => {
      isSettled = true;
      clearTimeout(timer);
      end?.();
      resolve(result);
    };
    const timer = setTimeout(() => settle({ error: 'TIMEOUT' }), patience ?? 10_000);
    end = start(
      (answer) => settle({ answer }),
      (error) => settle({ error: error.code ?? 'an error without a code' }),
    );
    if (isSettled) end();
  });

/**
 * A connection that stays. What comes is kept as text as long as it is small, and as a digest; `over` is how it ended.
 * @typedef {{ socket: net.Socket, text: string, bytes: number, hash: crypto.Hash, over: string | undefined, look: Set<() => void> }} Kept
 */

/** @type {Kept[]} */
const kept = [];

/** @type {(socket: net.Socket) => Kept} */
const keep = (socket) => {
  /** @type {Kept} */
  const one = { socket, text: '', bytes: 0, hash: crypto.createHash('sha256'), over: undefined, look: new Set() };
  const tell = () => {
    for (const look of one.look) look();
  };
  socket.on('data', (part) => {
    one.bytes += part.length;
    one.hash.update(part);
    if (one.bytes < 100_000) one.text += String(part);
    tell();
  });
  socket.on('end', () => {
    one.over ??= 'END';
    tell();
  });
  socket.on('error', (/** @type {NodeJS.ErrnoException} */ { code }) => {
    one.over = code;
    tell();
  });
  return one;
};

/** @type {(n: number) => Kept} */
const keptAt = (n) => {
  const one = kept[n];
  if (one === undefined) throw new Error(`There is no connection ${n}`);
  return one;
};

/** Looks now and whenever something came. @type {(one: Kept, look: (done: Done, fail: Fail) => void, patience?: Patience) => Promise<Result>} */
const follow = (one, look, patience) =>
  dial((done, fail) => {
    const each = () => look(done, fail);
    one.look.add(each);
    each();
    return () => one.look.delete(each);
  }, patience ?? 25_000);

/** When the other side has ended in order. @type {(one: Kept, read: () => unknown) => Promise<Result>} */
const atEnd = (one, read) =>
  follow(one, (done, fail) => {
    if (one.over === 'END') done(read());
    else if (one.over !== undefined) fail({ code: one.over });
  });

/** @type {Record<string, (...args: any[]) => Result | Promise<Result>>} */
const verbs = {
  ready: () => ({ answer: 'ready' }),
  open: (host, port) =>
    dial((done, fail) => {
      let isOpen = false;
      const socket = net.connect({ host, port, allowHalfOpen: true }, () => {
        isOpen = true;
        done(kept.push(keep(socket)) - 1);
      });
      socket.on('error', fail);
      return () => isOpen || socket.destroy();
    }),
  ask: (n, line, patience) => {
    const one = keptAt(n);
    const from = one.text.length;
    if (one.over === undefined) one.socket.write(`${line}\n`);
    const look = (/** @type {Done} */ done, /** @type {Fail} */ fail) => {
      const [answer, ...more] = one.text.slice(from).split('\n');
      if (more.length > 0) done(answer);
      else if (one.over !== undefined) fail({ code: one.over });
    };
    return follow(one, look, patience);
  },
  say: (n, line) => {
    keptAt(n).socket.write(`${line}\n`);
    return { answer: 'said' };
  },
  finish: (n) => {
    const one = keptAt(n);
    one.socket.end();
    return atEnd(one, () => one.text);
  },
  fate: (n) => {
    const one = keptAt(n);
    return follow(one, (done) => one.over !== undefined && done(one.over));
  },
  reset: (n) => {
    keptAt(n).socket.resetAndDestroy();
    return { answer: 'reset' };
  },
  pause: (n, on) => {
    if (on) keptAt(n).socket.pause();
    else keptAt(n).socket.resume();
    return { answer: on };
  },
  digest: (n) => {
    const one = keptAt(n);
    return atEnd(one, () => ({ bytes: one.bytes, sha256: one.hash.digest('hex') }));
  },
  upload: (host, port, bytes) =>
    dial((done, fail) => {
      let text = '';
      const socket = net.connect({ host, port, allowHalfOpen: true }).on('error', fail);
      socket.setEncoding('utf8').on('data', (part) => (text += String(part)));
      socket.on('end', () => done(text));
      const part = Buffer.alloc(65_536, 'localhost');
      let left = bytes;
      const more = () => {
        while (left > 0) {
          const size = Math.min(left, part.length);
          left -= size;
          if (!socket.write(part.subarray(0, size))) {
            socket.once('drain', more);
            return;
          }
        }
        socket.end();
      };
      more();
      return () => socket.destroy();
    }, 25_000),
  askAtOnce: async (host, port, count) => {
    /** @param {number} n */
    const one = (n) =>
      dial((done, fail) => {
        let text = '';
        const socket = net.connect({ host, port }, () => socket.write(`line ${n}\n`));
        socket.setEncoding('utf8').on('error', fail);
        socket.on('end', () => fail({ code: 'END' }));
        socket.on('data', (part) => {
          text += String(part);
          if (text.endsWith('\n')) done(text === `line ${n}\n`);
        });
        return () => socket.destroy();
      }, 25_000);
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => one(n)));
    const failure = answers.find((answer) => 'error' in answer);
    return failure ?? { answer: answers.filter((answer) => 'answer' in answer && answer.answer === true).length };
  },
  get: (url) =>
    dial((done, fail) => {
      const request = http.get(url, { agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (part) => (body += String(part)));
        response.on('error', fail).on('end', () => {
          try {
            done(JSON.parse(body));
          } catch {
            done(body);
          }
        });
      });
      request.on('error', fail);
      return () => request.destroy();
    }),
  connect: (host, port, patience) =>
    dial((done, fail) => {
      const socket = net.connect({ host, port }, () => done('connected')).on('error', fail);
      return () => socket.destroy();
    }, patience),
  send: (host, port, text, patience, from) =>
    dial((done, fail) => {
      const socket = dgram.createSocket('udp4');
      let isOpen = true;
      socket.on('message', (message) => done(message.toString())).on('error', fail);
      // Connected, so that a refusal is told.
      const send = () => socket.connect(port, host, () => socket.send(text));
      if (from === undefined) send();
      else socket.bind(from, send);
      return () => {
        if (isOpen) socket.close();
        isOpen = false;
      };
    }, patience),
  serve: (port, document) =>
    dial((done, fail) => {
      const server = http.createServer((_, response) => response.end(JSON.stringify(document)));
      server.on('error', fail).listen(port, '0.0.0.0', () => done('listening'));
      return () => undefined;
    }),
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    // Some engines write a line of their own to what is attached.
    if (line === '') return;
    const { id, verb, args } = JSON.parse(line);
    // One that throws takes the container along, with its words on standard error.
    void Promise.resolve(verbs[verb]?.(...args)).then((result) =>
      process.stdout.write(`${JSON.stringify({ id, ...result })}\n`),
    );
  })
  .on('close', () => process.exit());
