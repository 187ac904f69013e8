// Opens and proves a forward, tells it as a line of JSON, and ends, or lives until its input ends.
//   node test/engine/programs/proven.ts <port> <strategy> end|live
import { openLocalhostForward, type Strategy } from 'localhost-forward';

const [port, strategy, act] = process.argv.slice(2);
const net = await openLocalhostForward(Number(port), {
  strategy: strategy as 'auto' | Strategy,
  verify: { timeoutMs: 30_000 },
});
console.log(JSON.stringify(net));
if (act === 'live') process.stdin.resume();
