// @ts-check
/* Tries what must not work, run by a node in a container: `node -e <this text> <order as JSON>`. Says how each attempt ended. */
const { execFileSync } = require('node:child_process');
const net = require('node:net');

/** @import { Attempt, IntruderOrder, Outcome } from '../smoke/intruder.ts' */

const order = /** @type {IntruderOrder & { ip?: string }} */ (JSON.parse(process.argv[1] ?? '{}'));
let slowest = 0;

/** @type {(attempt: Attempt) => Promise<Outcome>} */
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
    // A listener of ours cannot refuse: it accepts and resets.
    socket.on('connect', () => {
      clearTimeout(timer);
      timer = setTimeout(end, resetWithinMs ?? 0, 'open');
    });
    socket.on('error', (/** @type {NodeJS.ErrnoException} */ error) => end(error.code ?? error.message));
  });

/** @type {(key: string, outcome: Outcome) => void} */
const say = (key, outcome) => void process.stdout.write(`${JSON.stringify({ key, outcome })}\n`);

/** One after the other: the slowest answer tells how long silence is waited for. @param {readonly Attempt[]} attempts */
const run = async (attempts) => {
  for (const attempt of attempts) say(attempt.key, await dial(attempt));
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

void (async () => {
  await run(order.attempts.filter(({ rerouted }) => rerouted !== true));
  const hard = order.attempts.filter(({ rerouted }) => rerouted === true);
  if (hard.length === 0) return;
  if (reroute()) await run(hard);
  else for (const { key } of hard) say(key, 'untried');
})();
