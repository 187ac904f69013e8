// @ts-check
/*
 * What runs in the container by which a user without root changes the kernel. It starts programs as it is told, a line of JSON an
 * order, passes on what they say, and ends when the process does that it works for: programs that hold something read that by the end of
 * their input. Argument: the name of that process's abstract socket. An engine that is killed leaves our input open for ever; the
 * socket is the process's own, and to be reached in its own network namespace only.
 */
const { spawn } = require('node:child_process');
const { connect } = require('node:net');
const { createInterface } = require('node:readline');
const { leaveLater } = require('./leave-later.cjs');

/** @typedef {{ readonly code: number | null } | { readonly failure: string }} End */
/** @typedef {{ readonly id: number, readonly argv: readonly [string, ...string[]], readonly env: NodeJS.ProcessEnv, readonly isWatch?: boolean }} StartOrder */

/** @type {Map<number, { readonly program: import('node:child_process').ChildProcessWithoutNullStreams, readonly isWatch: boolean | undefined }>} */
const running = new Map();

/** @param {object} word */
const say = (word) => process.stdout.write(`${JSON.stringify(word)}\n`);

const orders = {
  /** @param {StartOrder} order */
  start({ id, argv: [file, ...args], env, isWatch }) {
    const program = spawn(file, args, { cwd: '/', env, detached: true, stdio: 'pipe' });
    running.set(id, { program, isWatch });
    program.stdin.on('error', () => undefined);
    for (const name of /** @type {const} */ (['stdout', 'stderr']))
      program[name].setEncoding('utf8').on('data', (text) => say({ id, [name]: text }));
    /** @param {End} word */
    const end = (word) => {
      if (!running.delete(id)) return;
      say({ id, ended: word });
      endWithInput();
    };
    program.on('error', ({ message }) => end({ failure: message }));
    program.on('close', (code, signal) => end(signal === null ? { code } : { failure: `killed by ${signal}` }));
  },
  /** @param {{ id: number, text: string }} order */
  write: ({ id, text }) => running.get(id)?.program.stdin.write(text),
  /** @param {{ id: number }} order */
  end: ({ id }) => running.get(id)?.program.stdin.end(),
  /** @param {{ id: number }} order */
  stop: ({ id }) => running.get(id)?.program.kill('SIGTERM'),
  // Detached, it is a process group.
  /** @param {{ id: number }} order */
  kill({ id }) {
    const pid = running.get(id)?.program.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  },
};

let isOver = false;

// The guardian waits for it to end by itself, and kills nothing that still works.
const endWithInput = () => {
  if (isOver && running.size === 0) process.exit(0);
};

const end = () => {
  if (isOver) return;
  isOver = true;
  for (const { program, isWatch } of running.values()) {
    program.stdin.end();
    if (isWatch) program.kill('SIGTERM');
  }
  endWithInput();
};

let isHere = false;

const life = connect(`\0${process.argv[1]}`, () => {
  isHere = true;
  say({ isHere });
  life.on('close', end).resume();
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      const { order, ...rest } = JSON.parse(line);
      orders[/** @type {keyof typeof orders} */ (order)](rest);
    })
    .on('close', end);
});
life.on('error', () => {
  if (isHere) return end();
  say({ isHere });
  leaveLater();
});
// Nobody listens any more once the process is gone.
process.stdout.on('error', () => undefined);
