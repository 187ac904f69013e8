import { expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { openPrograms } from '../support/programs.ts';
import { execHere, type Spawn } from '../support/run.ts';
import { until } from '../support/until.ts';

/*
 * Whatever fails underneath, what comes out of the package is its own error, and the process lives on. Between the package and the real
 * engine stands a stand-in that lets one call fail: it hangs up, refuses, or answers what is no answer.
 */

const life = `
import { mkdtempSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { findTraces, isLocalhostForwardError, openLocalhostForward, sweep, withLocalhostForward } from 'localhost-forward';

const loose = [];
process.on('uncaughtException', (error) => loose.push(String(error?.stack)));
process.on('unhandledRejection', (error) => loose.push(String(error?.stack)));

const real = process.env.DOCKER_HOST.replace('unix://', '');
const folder = mkdtempSync(process.env.TMPDIR + '/between-');
const ways = {
  'hangs up': (socket) => socket.destroy(),
  refuses: (socket) => socket.end('HTTP/1.1 500 Internal Server Error\\r\\nContent-Type: application/json\\r\\nConnection: close\\r\\n\\r\\n{"message":"out of order"}'),
  babbles: (socket) => socket.end('HTTP/1.1 200 OK\\r\\nContent-Type: text/html\\r\\nConnection: close\\r\\n\\r\\n<html>hello</html>'),
  'says nothing': (socket) => socket.on('error', () => {}),
  'answers nonsense': (socket) => socket.end('HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nConnection: close\\r\\n\\r\\n{}'),
};

/** An engine of which the n-th call fails; how many there were. */
const standBetween = async (n, way) => {
  const socketPath = folder + '/' + n + way.replace(' ', '-') + '.sock';
  let calls = 0;
  const fails = (socket) => {
    calls += 1;
    if (calls !== n) return false;
    ways[way](socket);
    return true;
  };
  const server = createServer({ maxHeaderSize: 1 << 20 }, (asked, answer) => {
    if (fails(asked.socket)) return;
    const { method, url: path, headers } = asked;
    const passed = request({ socketPath: real, method, path, headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => asked.socket.destroy());
    asked.pipe(passed);
  });
  server.on('upgrade', ({ method, url, rawHeaders }, socket, head) => {
    socket.on('error', () => {});
    if (fails(socket)) return;
    const lines = rawHeaders.flatMap((word, at) => (at % 2 === 0 ? [word + ': ' + rawHeaders[at + 1]] : []));
    const engine = connect(real, () => {
      engine.write([method + ' ' + url + ' HTTP/1.1', ...lines, '', ''].join('\\r\\n'));
      engine.write(head);
      socket.pipe(engine).pipe(socket);
    });
    engine.on('error', () => socket.destroy());
  });
  await new Promise((resolve) => server.listen(socketPath, resolve));
  return {
    socketPath,
    calls: () => calls,
    end: () => (server.close(), server.closeAllConnections()),
  };
};

const foreign = [];
const attempt = async (what, work) => {
  try {
    return await work();
  } catch (error) {
    if (what.endsWith('call 0, open')) foreign.push(what + ': ' + error.message);
    if (!isLocalhostForwardError(error)) foreign.push(what + ': ' + String(error?.stack));
    else if (!error.message || !error.code) foreign.push(what + ': empty');
    else if (!error.message.includes('\\nTry: ')) foreign.push(what + ': no advice: ' + error.message);
  }
};

const tryWith = async (what, options) => {
  const net = await attempt(what + ', open', () => openLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: true, ...options }));
  if (net === undefined) return;
  await attempt(what + ', verify', () => net.verify());
  await attempt(what + ', diagnose', () => net.diagnose());
  await attempt(what + ', forward', () => net.forward({ hostPort: 1, containerPort: 81 }));
  await attempt(what + ', hits', () => net.hits());
  await attempt(what + ', unforward', () => net.unforward(81));
  await attempt(what + ', close', () => net.close());
  // The fault is over.
  await net.close();
  await attempt(what + ', traces', () => findTraces(net));
  await attempt(what + ', sweep', () => sweep(options.docker ? { docker: options.docker } : {}));
};

const wholeLife = async (n, way) => {
  const between = await standBetween(n, way);
  // An engine's silence is told from its slowness by time alone.
  const timeout = way === 'says nothing' ? 1_000 : undefined;
  await tryWith(way + ' at call ' + n, { docker: { socketPath: between.socketPath, timeout } });
  between.end();
  return between.calls();
};

const isAtEngine = process.argv[1] === 'engine';
const isWhole = process.env.LHF_TEST_ALL === '1';
if (!isAtEngine) await tryWith('programs', {});
// Each call of a life in which all goes well fails once, in one of the ways.
const calls = isAtEngine ? await wholeLife(0, 'refuses') : 0;
let failed = 0;
for (let n = 1; n <= calls && n < 40; n += 1, failed += 1)
  for (const way of Object.keys(ways).filter((_, at) => isWhole || at === n % 5)) await wholeLife(n, way);
console.log(JSON.stringify({ foreign, loose, failed }));
process.exit(0);
`;

const live = async (what: 'engine' | 'programs', spawn?: Spawn): Promise<object> => {
  const before = await snapshotHere();
  await using script = spawnScript({ source: life, args: [what], ...(spawn && { spawn }) });
  const outcome = JSON.parse(await script.waitForLine(/^\{/, { timeoutMs: patience })) as object;
  expect(await script.exit).toEqual({ code: 0, signal: null });
  // Its guardian knows the stand-in only, which has gone with it: what stays is the next opening's.
  let difference = 'no look came to its end';
  await until(
    async () => {
      await (await openLocalhostForward([], { verify: false })).close();
      return (difference = renderDifference(before, await snapshotHere())) === '';
    },
    { what: 'all of it to go', everyMs: 200, timeoutMs: 20_000 },
  ).catch(() => expect(difference).toBe(''));
  return outcome;
};

const patience = process.env['LHF_TEST_ALL'] === '1' ? 900_000 : 450_000;
const quiet = { foreign: [], loose: [] };

test('cases 26 and 27: each of the engine’s calls fails in its turn', { timeout: patience + 30_000 }, async () => {
  const outcome = await live('engine');
  expect(outcome).toMatchObject(quiet);
  expect((outcome as { failed: number }).failed).toBeGreaterThan(12);
});

// As a system that has them, and yet they do nothing but fail.
test.each([['nft'], ['iptables', 'iptables-save', 'iptables-restore', 'nft'], ['ldd'], ['cat']])(
  'a program that always fails: %s',
  async (...names) => {
    const fails = 'echo "out of order" >&2; exit 3';
    await using system = await openPrograms(Object.fromEntries(names.map((name) => [name, fails])));
    expect(await live('programs', system.spawn)).toEqual({ ...quiet, failed: 0 });
  },
);

// It takes as long as each of them is waited for.
const hanging = process.env['LHF_TEST_ALL'] === '1' ? [['nft'], ['iptables', 'iptables-restore'], ['ip'], ['ldd']] : [];
const hang = 'exec sleep 3607';

test.each(hanging)('case 26: a program that hangs: %s', { timeout: patience + 30_000 }, async (...names) => {
  await using system = await openPrograms(Object.fromEntries(names.map((name) => [name, hang])));
  expect(await live('programs', system.spawn)).toEqual({ ...quiet, failed: 0 });
  const { stdout } = await execHere(['sh', '-c', 'grep -lzx 3607 /proc/[0-9]*/cmdline || true']);
  expect(stdout).toBe('');
});
