/**
 * What the Node in a test container runs: one question a line on standard input, one answer a line on standard output.
 * A dial that nothing answers ends with TIMEOUT.
 */
export const residentProgram = String.raw`
const net = require('node:net');
const http = require('node:http');
const dgram = require('node:dgram');
const crypto = require('node:crypto');
const dial = (start, patience) => new Promise((resolve) => {
  const timer = setTimeout(() => settle({ error: 'TIMEOUT' }), patience ?? 10000);
  let end = () => {};
  const settle = (result) => { clearTimeout(timer); end(); resolve(result); };
  end = start((answer) => settle({ answer }), (error) => settle({ error: error.code || String(error) })) || end;
});
// Connections that stay. What comes is kept as text as long as it is small, and as a digest.
const kept = [];
const keep = (socket) => {
  const one = { socket, text: '', bytes: 0, hash: crypto.createHash('sha256'), over: undefined, look: new Set() };
  const tell = () => { for (const look of one.look) look(); };
  socket.on('data', (part) => {
    one.bytes += part.length;
    one.hash.update(part);
    if (one.bytes < 100000) one.text += part;
    tell();
  });
  socket.on('end', () => { one.over = one.over || 'END'; tell(); });
  socket.on('error', ({ code }) => { one.over = code; tell(); });
  return one;
};
const follow = (one, patience, look) => dial((done, fail) => {
  const each = () => look(done, fail);
  one.look.add(each);
  each();
  return () => one.look.delete(each);
}, patience ?? 25000);
const failed = (one) => one.over !== undefined && one.over !== 'END';
const verbs = {
  open: (host, port) => dial((done, fail) => {
    let one;
    const socket = net.connect({ host, port, allowHalfOpen: true }, () => { one = keep(socket); done(kept.push(one) - 1); });
    socket.on('error', (error) => { if (one === undefined) fail(error); });
    return () => { if (one === undefined) socket.destroy(); };
  }),
  ask: (n, line, patience) => {
    const one = kept[n];
    const from = one.text.length;
    if (one.over === undefined) one.socket.write(line + '\n');
    return follow(one, patience, (done, fail) => {
      const answer = one.text.slice(from);
      if (answer.includes('\n')) done(answer.split('\n')[0]);
      else if (one.over !== undefined) fail(one.over);
    });
  },
  say: async (n, line) => { kept[n].socket.write(line + '\n'); return { answer: 'said' }; },
  finish: (n) => {
    const one = kept[n];
    one.socket.end();
    return follow(one, undefined, (done, fail) => {
      if (failed(one)) fail(one.over);
      else if (one.over === 'END') done(one.text);
    });
  },
  fate: (n) => follow(kept[n], undefined, (done) => { if (kept[n].over !== undefined) done(kept[n].over); }),
  reset: async (n) => { kept[n].socket.resetAndDestroy(); return { answer: 'reset' }; },
  pause: async (n, on) => { if (on) kept[n].socket.pause(); else kept[n].socket.resume(); return { answer: on }; },
  digest: (n) => {
    const one = kept[n];
    return follow(one, undefined, (done, fail) => {
      if (failed(one)) fail(one.over);
      else if (one.over === 'END') done({ bytes: one.bytes, sha256: one.hash.digest('hex') });
    });
  },
  upload: (host, port, bytes) => dial((done, fail) => {
    let text = '';
    const socket = net.connect({ host, port, allowHalfOpen: true }).on('error', fail);
    socket.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => done(text));
    const part = Buffer.alloc(65536, 'localhost');
    let left = bytes;
    const more = () => {
      while (left > 0) {
        const size = Math.min(left, part.length);
        left -= size;
        if (!socket.write(part.subarray(0, size))) return socket.once('drain', more);
      }
      socket.end();
    };
    more();
    return () => socket.destroy();
  }, 25000),
  askAtOnce: async (host, port, count) => {
    const one = (n) => dial((done, fail) => {
      let text = '';
      const socket = net.connect({ host, port }, () => socket.write('line ' + n + '\n'));
      socket.setEncoding('utf8').on('error', fail).on('end', () => fail({ code: 'END' })).on('data', (part) => {
        text += part;
        if (text.endsWith('\n')) done(text === 'line ' + n + '\n');
      });
      return () => socket.destroy();
    }, 25000);
    const answers = await Promise.all(Array.from({ length: count }, (_, n) => one(n)));
    const error = answers.find((answer) => answer.error !== undefined);
    return error ?? { answer: answers.filter(({ answer }) => answer).length };
  },
  ready: () => ({ answer: 'ready' }),
  get: (url) => dial((done, fail) => {
    const request = http.get(url, { agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part) => (body += part)).on('error', fail).on('end', () => {
        try { done(JSON.parse(body)); } catch { done(body); }
      });
    }).on('error', fail);
    return () => request.destroy();
  }),
  connect: (host, port, patience) => dial((done, fail) => {
    const socket = net.connect({ host, port }, () => done('connected')).on('error', fail);
    return () => socket.destroy();
  }, patience),
  send: (host, port, text, patience) => dial((done, fail) => {
    const socket = dgram.createSocket('udp4');
    let open = true;
    socket.on('message', (message) => done(message.toString())).on('error', fail);
    // Connected, so that a refusal is told.
    socket.connect(port, host, () => socket.send(text));
    return () => { if (open) socket.close(); open = false; };
  }, patience),
  serve: (port, document) => dial((done, fail) => {
    http.createServer((_, response) => response.end(JSON.stringify(document))).on('error', fail).listen(port, '0.0.0.0', () => done('listening'));
  }),
};
require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, verb, args } = JSON.parse(line || '{}');
  if (verb === undefined) return;
  process.stdout.write(JSON.stringify({ id, ...(await verbs[verb](...args)) }) + '\n');
}).on('close', () => process.exit());
`;
