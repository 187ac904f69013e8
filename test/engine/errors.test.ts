import { chmod, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/index.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotOf } from '../support/leftovers.ts';
import { openPrograms } from '../support/programs.ts';
import { type Spawn, spawnHere } from '../support/run.ts';

interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reasons?: readonly { readonly strategy: string; readonly reason: string }[];
}

const opens = `${projectRoot}test/engine/programs/short-life.ts`;

/** What an opening throws in a process that `enter` starts: on this host, and yet with less of something. */
const refusalOf = async (
  options: object = {},
  enter: readonly string[] = [],
  start: Spawn = spawnHere,
): Promise<Refusal> => {
  const spawn: Spawn = (argv, given) => start([...enter, ...argv], given);
  const before = await snapshotOf();
  await using script = spawnScript({ file: opens, args: [JSON.stringify(options)], spawn });
  const refusal = JSON.parse(await script.waitForLine(/^\{/, { timeoutMs: 30_000 })) as Refusal;
  await script.exit;
  expect(renderDifference(before, await snapshotOf())).toBe('');
  return refusal;
};

const without = (...capabilities: readonly string[]): string[] => {
  const list = capabilities.map((name) => `-${name}`).join();
  return ['setpriv', `--inh-caps=${list}`, `--bounding-set=${list}`];
};

// Something that cannot be run lies over each, for this process alone.
const withoutPrograms = (...programs: readonly string[]): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'for name in $0; do mount --bind /dev/null "$(command -v "$name")" || exit; done; exec "$@"',
  programs.join(' '),
];

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lhf-errors-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('no engine at the socket', async () => {
  const socketPath = join(directory, 'absent.sock');
  const { code, message } = await refusalOf({ docker: { socketPath } });
  expect(code).toBe('LHF_ERR_DOCKER_UNAVAILABLE');
  expect(message).toMatch(
    /^No Docker engine answers at unix:\/\/.*absent\.sock: .*ENOENT.*\nTry: sudo systemctl start docker$/,
  );
});

test('an engine that is not there at the other end of DOCKER_HOST', async () => {
  const { code, message } = await refusalOf({}, ['env', `DOCKER_HOST=tcp://127.0.0.1:1`]);
  expect(code).toBe('LHF_ERR_DOCKER_UNAVAILABLE');
  expect(message).toMatch(
    /^No Docker engine answers at tcp:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*\n {2}DOCKER_HOST is tcp:.*\nTry: unset DOCKER_HOST$/,
  );
});

test('a socket that this user may not open', async () => {
  const socketPath = join(directory, 'denied.sock');
  const server = createServer().listen(socketPath);
  await once(server, 'listening');
  try {
    await chown(socketPath, 65_534, 65_534);
    await chmod(socketPath, 0o600);
    const { code, message } = await refusalOf({ docker: { socketPath } }, without('dac_override', 'dac_read_search'));
    expect(code).toBe('LHF_ERR_DOCKER_UNAVAILABLE');
    expect(message).toMatch(
      /denied\.sock: this user may not open the socket\n.*next log-in\nTry: sudo usermod -aG docker "\$USER"/,
    );
  } finally {
    server.close();
  }
});

test('neither nft nor iptables: a relay does, where no rights are asked for', async () => {
  const bare = withoutPrograms('nft', 'iptables');
  expect(await refusalOf({}, bare)).toEqual({ code: 'opened', message: 'relay' });
  const { code, message, reasons } = await refusalOf({ privilege: 'root' }, bare);
  expect(code).toBe('LHF_ERR_NO_STRATEGY');
  expect(message).toMatch(
    /^No strategy can forward to 127\.0\.0\.1 here\n {2}nftables: no nft .*\n {2}iptables: no iptables .*\n(.*\n)*Try: sudo apt-get install nftables$/,
  );
  expect(reasons?.slice(0, 2).map(({ strategy }) => strategy)).toEqual(['nftables', 'iptables']);
});

test('no iptables where iptables is asked for', async () => {
  const { code, message } = await refusalOf({ strategy: 'iptables' }, withoutPrograms('iptables'));
  expect(code).toBe('LHF_ERR_NO_STRATEGY');
  expect(message).toMatch(/^Strategy 'iptables' cannot forward to 127\.0\.0\.1 here\n(.*\n)*Try: /);
});

test('no right to install rules: a container has it, and a relay needs none', async () => {
  expect(await refusalOf({}, without('net_admin'))).toEqual({ code: 'opened', message: 'nftables' });
  expect(await refusalOf({ privilege: 'none' }, without('net_admin'))).toEqual({ code: 'opened', message: 'relay' });
});

test.each(['nftables', 'iptables'] as const)('no right to install rules for %s', async (strategy) => {
  const { code, message } = await refusalOf({ strategy, privilege: 'root' }, without('net_admin'));
  expect(code).toBe('LHF_ERR_PRIVILEGE');
  expect(message).toMatch(
    /^Nobody here may install rules: .*CAP_NET_ADMIN\n(.*\n)*Try: docker run --cap-add NET_ADMIN /,
  );
});

// The machine need not have sudo, and this process may do all of it anyway: so each program of the firewall, and tee, refuses
// whoever does not come by the stand-in, and takes note.
test.each(['nftables', 'iptables'] as const)(
  'with a stand-in for sudo each rule of %s goes through it',
  async (strategy) => {
    const refused = join(directory, `refused-${strategy}`);
    const bySudo = `[ "$1" = -V ] || [ -n "$LHF_TEST_SUDO" ] || { echo "$0: not by sudo" >> "${refused}"; exit 4; }`;
    const guarded = ['nft', 'iptables', 'iptables-save', 'iptables-restore', 'tee'];
    await using system = await openPrograms({
      sudo: `[ "$1" = -n ] || exit 1; shift; case $1 in /*) ;; *) echo "$1: by name" >> "${refused}";; esac; LHF_TEST_SUDO=1 exec "$@"`,
      ...Object.fromEntries(guarded.map((name) => [name, `${bySudo}; exec "$REAL" "$@"`])),
    });
    const outcome = await refusalOf({ strategy, privilege: 'sudo' }, [], system.spawn);
    expect(outcome).toEqual({ code: 'opened', message: strategy });
    expect(await readFile(refused, 'utf8').catch(() => '')).toBe('');
  },
);
