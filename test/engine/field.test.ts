import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openLocalhostForward, type LocalhostForward, type Strategy } from '../../src/index.ts';
import { startNode } from '../support/containers.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';

/* What people report of hosts, each on the network namespace of these tests' engine. */

const undo: string[] = [];
const host = async (on: string, off: string): Promise<void> => {
  undo.push(off);
  await outputOf(execHere, ['sh', '-ec', on]);
};
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const command of undo.splice(0)) await outputOf(execHere, ['sh', '-ec', command]);
});

const strategies: readonly Strategy[] = ['nftables', 'iptables'];

describe.each(strategies)('by %s', (strategy) => {
  test('where all interfaces route to 127/8, as Kubernetes makes them, nothing is turned on or off, and other ports stay closed', async () => {
    const all = 'net.ipv4.conf.all.route_localnet';
    await host(`sysctl -qw ${all}=1`, `sysctl -qw ${all}=0`);
    await using service = await listenTcp();
    await using other = await listenTcp();
    const net = await openLocalhostForward(service.port, { strategy, verify: false });
    const own = `/proc/sys/net/ipv4/conf/${net.bridgeName}/route_localnet`;
    expect(await readFile(own, 'utf8')).toBe('0\n');
    {
      await using container = await startNode(net);
      expect((await container.get<TcpAnswer>(net.url())).answer?.marker).toBe(service.marker);
      expect((await container.connect(net.gateway, other.port, 500)).error).toBe('ECONNREFUSED');
    }
    expect(await net.diagnose()).toMatchObject({ reachable: true });
    await net.close();
    expect(other.callers).toEqual([]);
  });
});

test('beside a VPN that has all addresses by two routes, as OpenVPN does, and one by a rule, as WireGuard does', async () => {
  const device =
    'ip link add lhf-test-vpn type bridge; ip addr add 10.8.0.2/24 dev lhf-test-vpn; ip link set lhf-test-vpn up';
  const halves = ['0.0.0.0/1', '128.0.0.0/1'].map(
    (half) => `ip route add ${half} via 10.8.0.1 dev lhf-test-vpn onlink`,
  );
  const rules = ['not fwmark 0xca6c table 51820', 'table main suppress_prefixlength 0'];
  await host(
    [
      device,
      ...halves,
      'ip route add default dev lhf-test-vpn table 51820',
      ...rules.map((rule) => `ip rule add ${rule}`),
    ].join('; '),
    ['ip link del lhf-test-vpn', ...rules.map((rule) => `ip rule del ${rule}`)].join('; '),
  );
  await using service = await listenTcp();
  await using net = await openLocalhostForward(service.port, { strategy: 'nftables' });
  expect(await net.verify()).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
});

test.each(['nftables', 'relay'] as const)(
  'a network that was pruned is told, and the advice spares the next (%s)',
  async (strategy) => {
    await using service = await listenTcp();
    const open = () => openLocalhostForward(service.port, { strategy, verify: false });
    await using pruned = await open();
    await outputOf(execHere, ['docker', 'network', 'prune', '--force']);
    const told = expect.stringMatching(
      new RegExp(`the network ${pruned.networkName} is gone: somebody removed it, as docker network prune does`, 'i'),
    ) as string;
    const { finding, sentence, advice } = await pruned.diagnose();
    expect({ finding, sentence }).toEqual({ finding: 'probe-failed', sentence: told });
    if (strategy === 'relay')
      await expect(pruned.forward(8099)).rejects.toMatchObject({ code: 'LHF_ERR_NETWORK', message: told });
    await using spared = await open();
    await outputOf(execHere, ['sh', '-ec', advice.replace('prune', 'prune --force')]);
    expect(await spared.verify()).toMatchObject({ ports: [{ proof: expect.any(String) as string }] });
  },
);

test('the subnet of a network that was pruned is nobody’s until its forward is closed: its relay has the gateway still', async () => {
  // Room for eight.
  vi.stubEnv('LOCALHOST_FORWARD_SUBNET_POOL', '198.18.7.0/24');
  await using service = await listenTcp();
  await using forwards = new AsyncDisposableStack();
  const open = async () => forwards.use(await openLocalhostForward(service.port, { strategy: 'relay', verify: false }));
  const pruned = await open();
  await outputOf(execHere, ['docker', 'network', 'rm', pruned.networkName]);
  const others = [];
  for (let n = 1; n < 8; n += 1) others.push((await open()).subnet);
  expect(others).not.toContain(pruned.subnet);
  await expect(open()).rejects.toMatchObject({ code: 'LHF_ERR_NETWORK' });
  await pruned.close();
  expect((await open()).subnet).toBe(pruned.subnet);
});

test('one container more than there is room for has the probes’ address, which is told with its name', async () => {
  await using net = await openLocalhostForward(
    { hostPort: 0, containerPort: 80 },
    { strategy: 'nftables', subnet: '10.213.4.0/29', listener: true, verify: false },
  );
  await using all = await startAll(net, 5);
  const last = all.containers.find(({ address }) => address === '10.213.4.6');
  const name = await outputOf(execHere, ['docker', 'inspect', '--format', '{{slice .Name 1}}', last?.id ?? 'none']);
  // It is told at once: a container of a user's does not leave as another process's probe does.
  const { finding, sentence } = await net.diagnose({ timeoutMs: 600_000 });
  expect({ finding, sentence }).toEqual({
    finding: 'probe-failed',
    sentence: `The probe itself did not work: the container ${name.trim()} has 10.213.4.6, the address that probes have on ${net.networkName}, and its calls are no hits: beside it 10.213.4.0/29 has room for 4 containers, and a larger \`subnet\` for more`,
  });
});

test('where nobody chose the subnet no container has the probes’ address, however many there are', async () => {
  await using net = await openLocalhostForward(
    { hostPort: 0, containerPort: 80 },
    { strategy: 'nftables', listener: true, verify: false },
  );
  await using all = await startAll(net, 14);
  expect(await net.verify()).toMatchObject({ ports: [{ containerPort: 80 }] });
  await expect(startNode(net)).rejects.toThrow('no available IPv4 addresses');
  await Promise.all(all.containers.map((one) => one.get(net.url())));
  expect((await net.hits(80)).connections).toBe(14);
  expect(await net.verify()).toMatchObject({ ports: [{ containerPort: 80 }] });
});

const startAll = async (net: LocalhostForward, count: number) => {
  const containers = await Promise.all(Array.from({ length: count }, () => startNode(net)));
  const close = () => Promise.all(containers.map((one) => one[Symbol.asyncDispose]()));
  return { containers, [Symbol.asyncDispose]: async () => void (await close()) };
};
