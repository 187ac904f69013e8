import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SmokeReport } from '../../src/smoke/report.ts';
import { projectRoot } from '../support/children.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { expectSame, shell, snapshotIn } from './drive.ts';

// The smoke check where a host's own faults are real: it fails for each, and says why.
let engine: PrivateEngine;
beforeAll(async () => void (engine = await startPrivateEngine()));
afterAll(() => engine.stop());

const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const smoke = (args: readonly string[] = [], env: Record<string, string | undefined> = {}) =>
  engine.exec([process.execPath, main, 'smoke', ...args], {
    timeoutMs: 60_000,
    env: { NO_COLOR: '1', FORCE_COLOR: undefined, GITHUB_ACTIONS: undefined, ...env },
  });

const leave = { LOCALHOST_FORWARD_FIREWALL: 'leave' };

const faults: [name: string, strategy: string, finding: string, on: string, off: string][] = [
  ['a policy of INPUT', 'nftables', 'firewall-input', 'iptables -P INPUT DROP', 'iptables -P INPUT ACCEPT'],
  [
    'a native chain',
    'iptables',
    'firewall-input',
    "nft add table inet fw; nft 'add chain inet fw in { type filter hook input priority 0; policy drop; }'",
    'nft delete table inet fw',
  ],
  [
    'a rule of raw',
    'iptables',
    'dropped-before-rule',
    'iptables -t raw -A PREROUTING -i lhf+ -j DROP',
    'iptables -t raw -F',
  ],
  ['a rule of OUTPUT', 'nftables', 'firewall-output', 'iptables -A OUTPUT -o lhf+ -j DROP', 'iptables -F OUTPUT'],
];

it.each(faults)('exits with 1 for %s with %s, and leaves nothing', async (_, strategy, finding, on, off) => {
  await shell(engine, on);
  try {
    const before = await snapshotIn(engine);
    const { stdout, stderr, exitCode } = await smoke(['--json', '--strategy', strategy], leave);
    expect(exitCode, stderr).toBe(1);
    const report = JSON.parse(stdout) as SmokeReport;
    expect(report).toMatchObject({ ok: false, strategy, leftovers: [], failure: { diagnosis: { finding } } });
    expect(report.steps.find(({ ok }) => !ok)).toMatchObject({ name: 'request' });
    expect(report.steps.at(-1)).toMatchObject({ name: 'nothing left', ok: true });
    expectSame(before, await snapshotIn(engine));
  } finally {
    await shell(engine, off);
  }
});

it('draws the path, names the cause and one thing to try; on GitHub as an annotation too', async () => {
  await shell(engine, 'iptables -P INPUT DROP');
  try {
    const { stdout, stderr, exitCode } = await smoke([], { ...leave, GITHUB_ACTIONS: 'true' });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^✗ request /m);
    expect(stdout).not.toContain('Works');
    expect(stderr).toMatch(/container ✓ ──▶ bridge ✓ ──▶ rule ✓ ──▶ input ✗/);
    expect(stderr).toMatch(/^Try: sudo /m);
    expect(stderr).toMatch(/^::error title=localhost-forward smoke::[^\n]*%0ATry: sudo [^\n]*$/m);
  } finally {
    await shell(engine, 'iptables -P INPUT ACCEPT');
  }
});

it('passes an INPUT policy by an accept that it reports', async () => {
  await shell(engine, 'iptables -P INPUT DROP');
  try {
    const before = await snapshotIn(engine);
    const { stdout, stderr, exitCode } = await smoke(['--json']);
    expect(exitCode, stdout + stderr).toBe(0);
    const { steps } = JSON.parse(stdout) as SmokeReport;
    expect(steps.find(({ name }) => name === 'request')?.detail).toMatch(/an accept for lhf-\w{8} in ip filter INPUT/);
    expectSame(before, await snapshotIn(engine));
  } finally {
    await shell(engine, 'iptables -P INPUT ACCEPT');
  }
});

// A check that would not notice an open port proves nothing: somebody's rule before ours lets everything past the guard, where that is
// iptables' for want of an nft.
it('notices that a port of 127.0.0.1 is open which is not forwarded', async () => {
  const withoutNft = ['unshare', '--mount', 'sh', '-c', 'mount --bind /bin/false /usr/sbin/nft && exec "$@"', 'sh'];
  const node = [process.execPath, 'test/firewall/programs/check-closed.ts'];
  const { stdout, stderr } = await engine.exec([...withoutNft, ...node], { cwd: projectRoot, timeoutMs: 60_000 });
  const [guarded, unguarded] = stdout.split('\n');
  expect(guarded, stderr).toMatch(/^closed: .*refused; with a route of its own: no answer$/);
  expect(unguarded).toMatch(/^Error: 127\.0\.0\.1:\d+, which is not forwarded, is open to a container with a route/);
});

it.each(
  ['nftables', 'iptables', 'relay'].flatMap((strategy) => ['reset', 'end'].map((how) => [strategy, how] as const)),
)('notices that the forward of a service that hangs up at once is open to other networks, by %s: %s', async (...of) => {
  const node = [process.execPath, 'test/firewall/programs/check-networks.ts', ...of];
  const { stdout, stderr } = await engine.exec(node, { cwd: projectRoot, timeoutMs: 60_000 });
  const [closed, open] = stdout.split('\n');
  expect(closed, stderr).toMatch(/^closed: 198\.\S+ from the default network: (refused|reset)$/);
  expect(open, stderr).toMatch(/^Error: the forward is open to the default network: 198\./);
});
