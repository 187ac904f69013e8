/**
 * What the Node in a test container runs: one question a line on standard input, one answer a line on standard output.
 * A dial that nothing answers ends with TIMEOUT.
 */
export const residentProgram = String.raw`
const net = require('node:net');
const http = require('node:http');
const dgram = require('node:dgram');
const dial = (start, patience) => new Promise((resolve) => {
  const timer = setTimeout(() => settle({ error: 'TIMEOUT' }), patience ?? 10000);
  let end = () => {};
  const settle = (result) => { clearTimeout(timer); end(); resolve(result); };
  end = start((answer) => settle({ answer }), (error) => settle({ error: error.code || String(error) })) || end;
});
const verbs = {
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
  const { id, verb, args } = JSON.parse(line);
  process.stdout.write(JSON.stringify({ id, ...(await verbs[verb](...args)) }) + '\n');
}).on('close', () => process.exit());
`;
