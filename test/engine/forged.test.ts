import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { probeAddressOf, usualCallersOf } from '../../src/network/subnet.ts';
import { projectRoot } from '../support/children.ts';
import { startNode, type NodeContainer } from '../support/containers.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenUdp, type UdpService } from '../support/services.ts';
import { until } from '../support/until.ts';

/*
 * What a container says that makes its own packets: from addresses of others, and by source routes. In its network namespace, with the
 * rights of this host's root, so that nothing on that side stands in its way.
 */

const say = (container: NodeContainer, ...args: readonly string[]): Promise<string> =>
  outputOf(execHere, [
    'nsenter',
    '--target',
    String(container.pid),
    '--net',
    'perl',
    `${projectRoot}test/engine/programs/say.pl`,
    ...args,
  ]);

/** What a service has heard once it has heard `last`: packets of one container come in their order. */
const heard = async (service: UdpService, last: string): Promise<readonly string[]> => {
  await until(() => service.received.includes(last), { what: `${last} to arrive` });
  return service.received;
};

describe.each(['nftables', 'iptables'] as const)('by %s', (strategy) => {
  const conf = '/proc/sys/net/ipv4/conf';
  const all = `${conf}/all/accept_source_route`;
  const everywhere = `${conf}/all/route_localnet`;
  const filter = [`${conf}/all/rp_filter`, `${conf}/default/rp_filter`];
  let before: string[];
  // Nothing but our own rules is to be in the way.
  beforeEach(async () => {
    before = await Promise.all([all, everywhere, ...filter].map((path) => readFile(path, 'utf8')));
    await writeFile(all, '1');
    for (const path of filter) await writeFile(path, '0');
  });
  afterEach(async () => {
    for (const [n, path] of [all, everywhere, ...filter].entries()) await writeFile(path, before[n] ?? '0');
  });

  test('case 31: a forged source is heard by nobody, and who poses as our probe is no hit', async () => {
    await using service = await listenUdp();
    const port = { hostPort: service.port, containerPort: 53, protocol: 'udp' } as const;
    await using net = await openLocalhostForward(port, { strategy, verify: false });
    await using container = await startNode(net);
    const to = [net.gateway, '53'];
    await say(container, '8.8.8.8', ...to, 'as another host');
    await say(container, '172.17.0.9', ...to, 'as a container elsewhere');
    await say(container, probeAddressOf(net.subnet), ...to, 'as a probe');
    await say(container, '-', ...to, 'as itself');
    expect(await heard(service, 'as itself')).toEqual(['as a probe', 'as itself']);
    expect(await net.hits()).toMatchObject({ attempts: 1, connections: 1, packets: 1 });
  });

  // One look into a set tells of those to whom an engine gives the first addresses, and of what they send to the gateway: no other is less.
  test('whoever has an address of his own choice, or calls another one of this host’s, is a caller as all others', async () => {
    await using service = await listenUdp();
    const port = { hostPort: service.port, containerPort: 53, protocol: 'udp' } as const;
    await using net = await openLocalhostForward(port, { strategy, verify: false });
    await using container = await startNode(net);
    const chosen = net.gateway.replace(/\d+$/, (last) => String(Number(last) + 19));
    expect(usualCallersOf(net.subnet)).toContain(container.address);
    expect(usualCallersOf(net.subnet)).not.toContain(chosen);
    await say(container, chosen, net.gateway, '53', 'from one that it chose');
    await say(container, '-', '172.17.0.1', '53', 'to another one');
    await say(container, '-', net.gateway, '53', 'as usual');
    expect(await heard(service, 'as usual')).toEqual(['from one that it chose', 'to another one', 'as usual']);
    expect(await net.hits()).toMatchObject({ attempts: 3, connections: 3, packets: 3 });
  });

  // Kubernetes, and engines without userland proxy, open each bridge to 127/8 themselves.
  test.each(['0', '1'])('case 24: a source route leads nowhere, where route_localnet of all is %s', async (routes) => {
    await writeFile(everywhere, routes);
    await using service = await listenUdp();
    await using net = await openLocalhostForward(1, { strategy, verify: false });
    await using container = await startNode(net);
    const own = `${conf}/${net.bridgeName}/accept_source_route`;
    expect(await readFile(own, 'utf8')).toBe('0\n');
    const hop = ['-', '127.0.0.1', String(service.port)];
    await say(container, ...hop, 'refused by the bridge', net.gateway);
    // Somebody accepts them after all: what is delivered is guarded as well.
    await writeFile(own, '1');
    await say(container, ...hop, 'dropped by the guard', net.gateway);
    await say(container, ...hop, 'by another address of this host', '172.17.0.1');
    // The same where nothing of ours is: it does arrive.
    await using other = await startNode();
    for (const name of ['route_localnet', 'accept_source_route']) await writeFile(`${conf}/docker0/${name}`, '1');
    await say(other, ...hop, 'by the engine’s own bridge', '172.17.0.1');
    expect(await heard(service, 'by the engine’s own bridge')).toEqual(['by the engine’s own bridge']);
    await writeFile(`${conf}/docker0/route_localnet`, '0');
  });
});
