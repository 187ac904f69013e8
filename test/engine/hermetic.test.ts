import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { connectEngine, sessionOn } from '../../src/engine/engine.ts';
import { openLocalhostForward } from '../../src/index.ts';
import { checkHermetic } from '../../src/smoke/hermetic.ts';
import type { SmokeReport } from '../../src/smoke/report.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf, type ExecResult } from '../support/run.ts';
import { listenTcp } from '../support/services.ts';

requirePlace();
const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const cli = (...args: readonly string[]): Promise<ExecResult> =>
  execHere([process.execPath, main, ...args], { timeoutMs: 60_000, env: { NO_COLOR: '1' } });

test('smoke --hermetic proves a hermetic network', async () => {
  const { stdout, stderr, exitCode } = await cli('smoke', '--hermetic', '--json');
  expect(exitCode, stderr).toBe(0);
  const { steps, strategy } = JSON.parse(stdout) as SmokeReport;
  expect(strategy).toBe('nftables');
  expect(steps.find(({ name }) => name === 'hermetic')).toMatchObject({
    ok: true,
    detail: expect.stringMatching(
      /^of all 65535 ports of [\d.]+, and of \d{4} of this host's other addresses \(\d+\), the forwarded ones alone/,
    ) as string,
  });
});

/** A way to the address outside, on which nobody answers. */
const openWayOutside = async (): Promise<AsyncDisposable> => {
  const script =
    'ip link add lhf-test-out type veth peer name lhf-test-far && ip link set lhf-test-out up && ip link set lhf-test-far up && ip neigh add 192.0.2.1 lladdr 02:00:c0:00:02:01 dev lhf-test-out && ip route add 192.0.2.0/24 dev lhf-test-out';
  await outputOf(execHere, ['sh', '-c', script]);
  return { [Symbol.asyncDispose]: async () => void (await outputOf(execHere, ['ip', 'link', 'del', 'lhf-test-out'])) };
};

// Without this the check above would prove nothing.
test('and names what is open where the network is not', async () => {
  await using service = await listenTcp({ host: '0.0.0.0' });
  await using outside = new AsyncDisposableStack();
  outside.use(await openWayOutside());
  await using net = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, { verify: false });
  const engine = await connectEngine();
  const checking = checkHermetic(engine, net, sessionOn(engine, net.privilege).word);
  await expect(checking).rejects.toThrow(/^open, though the network is hermetic: /);
  const { message } = (await checking.catch((error: unknown) => error)) as Error;
  for (const open of [
    '192.0.2.1:443, outside (',
    `IPv6 on ${net.bridgeName}`,
    `UDP to ${net.gateway}:`,
    `; ${net.gateway}:${service.port}`,
  ])
    expect(message).toContain(open);
});

test.each(['relay', 'sidecar'])('smoke and run refuse --hermetic by %s, and say why', async (strategy) => {
  const smoke = await cli('smoke', '--hermetic', '--strategy', strategy, '--json');
  expect(smoke.exitCode).toBe(1);
  expect(JSON.parse(smoke.stdout)).toMatchObject({ ok: false, failure: { code: 'LHF_ERR_UNSUPPORTED' } });
  const run = await cli('run', '8088', '--hermetic', '--strategy', strategy, '--', 'true');
  expect(run.exitCode).toBe(1);
  expect(run.stderr).toMatch(/^Strategy '\w+' cannot keep a network hermetic here\n.*has no rules/);
});

test('run --hermetic opens a hermetic network', async () => {
  const inspect = 'nft list ruleset ip; echo "$LOCALHOST_FORWARD_NETWORK"';
  const { stdout, exitCode } = await cli('run', '8088', '--hermetic', '--no-verify', '--', 'sh', '-c', inspect);
  expect(exitCode).toBe(0);
  const name = stdout.trim().split('\n').at(-1);
  expect(stdout).toMatch(new RegExp(String.raw`set hermetic \{[^}]*elements = \{ "${name}" \}`));
});
