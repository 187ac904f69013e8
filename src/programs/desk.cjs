// @ts-check
/*
 * Where other processes of the same user ask what one forward's ports carried: a unix socket in a folder of that user's alone. A question
 * is a line of JSON, and so is its answer; nothing can be changed here.
 */
const net = require('node:net');

/** @import { DeskQuestion } from '../strategies/carrier/orders.ts' */

/** No question is longer, in characters. */
const longest = 4_096;

/** @type {(path: string, answer: (question: DeskQuestion) => unknown) => Promise<{ close(): void }>} */
const openDesk = async (path, answer) => {
  const server = net.createServer((socket) => {
    let asked = '';
    socket.on('error', () => undefined).setEncoding('utf8');
    socket.on('data', (/** @type {string} */ text) => {
      asked += text;
      if (asked.length > longest) return void socket.destroy();
      const end = asked.indexOf('\n');
      if (end < 0) return undefined;
      try {
        return void socket.end(`${JSON.stringify({ value: answer(JSON.parse(asked.slice(0, end))) })}\n`);
      } catch {
        // No question of ours.
        return void socket.destroy();
      }
    });
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(path, () => resolve(undefined));
  });
  server.on('error', () => undefined);
  return server;
};

module.exports = { openDesk };
