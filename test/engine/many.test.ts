import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { type ForwardHandover, openLocalhostForward } from '../../src/index.ts';
import { overlaps, parseCidr } from '../../src/network/subnet.ts';
import { spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere, snapshotOf } from '../support/leftovers.ts';
import { listenTcp, type TcpAnswer, type TcpService } from '../support/services.ts';
import { until } from '../support/until.ts';

const strategies = ['nftables', 'iptables'] as const;

/** From one container that joins them all: each network's gateway leads to its own service. */
const expectAllReachable = async (nets: readonly ForwardHandover[], services: readonly TcpService[]): Promise<void> => {
  const docker = new Docker();
  await using container = await startNode({ networkName: nets[0]?.networkName ?? '' });
  for (const { networkId } of nets.slice(1)) await docker.getNetwork(networkId).connect({ Container: container.id });
  const answers = await Promise.all(nets.map(({ gateway }) => container.get<TcpAnswer>(`http://${gateway}:80`)));
  expect(answers.map(({ answer, error }) => answer?.marker ?? error)).toEqual(services.map(({ marker }) => marker));
  // Each service is called from its own network.
  expect(
    answers.every(({ answer }, n) => overlaps(cidrOf(`${answer?.youAre}/32`), cidrOf(nets[n]?.subnet ?? ''))),
  ).toBe(true);
};

const expectAllDifferent = (nets: readonly ForwardHandover[]): void => {
  for (const one of nets) {
    for (const other of nets)
      expect(
        one === other || !overlaps(cidrOf(one.subnet), cidrOf(other.subnet)),
        `${one.subnet} ${other.subnet}`,
      ).toBe(true);
  }
  for (const key of ['id', 'networkName', 'networkId', 'bridgeName'] as const)
    expect(new Set(nets.map((net) => net[key])).size).toBe(nets.length);
};

const cidrOf = (text: string) => parseCidr(text) ?? { base: -1, bits: 32 };

const listenMany = (count: number): Promise<TcpService[]> =>
  Promise.all(Array.from({ length: count }, () => listenTcp()));

describe('many forwards at once', () => {
  test.each(strategies)('16 in one process by %s', async (strategy) => {
    const services = await listenMany(16);
    const warmUp = await openLocalhostForward([], { strategy, verify: false });
    await warmUp.close();
    const before = await snapshotHere();
    const nets = await Promise.all(
      services.map(({ port }) =>
        openLocalhostForward({ hostPort: port, containerPort: 80 }, { strategy, verify: false }),
      ),
    );
    try {
      expectAllDifferent(nets.map((net) => net.toJSON()));
      await expectAllReachable(
        nets.map((net) => net.toJSON()),
        services,
      );
    } finally {
      await Promise.all([...nets, ...services].map((one) => one.close()));
    }
    expect(renderDifference(before, await snapshotHere())).toBe('');
  });

  test('4 in each of 4 processes, of both strategies', async () => {
    const services = await listenMany(16);
    const before = await snapshotOf();
    const children = [0, 1, 2, 3].map((n) => {
      const ports = services.slice(4 * n, 4 * n + 4).map(({ port }) => String(port));
      return spawnScript({ source: openFour, args: [strategies[n % 2] ?? '', ...ports] });
    });
    let nets: ForwardHandover[] = [];
    try {
      const lines = await Promise.all(children.map((child) => child.waitForLine(/^\[/, { timeoutMs: 40_000 })));
      nets = lines.flatMap((line) => JSON.parse(line) as ForwardHandover[]);
      expectAllDifferent(nets);
      await expectAllReachable(nets, services);
      for (const child of children) child.endInput();
      expect(await Promise.all(children.map(({ exit }) => exit))).toEqual(
        children.map(() => ({ code: 0, signal: null })),
      );
    } finally {
      await Promise.all(children.map((child) => child.kill('SIGKILL')));
      await Promise.all(services.map((service) => service.close()));
    }
    // Their holders go a moment after them.
    await until(async () => renderDifference(before, await snapshotOf(nets)) === '', { what: 'the holders to go' });
  });
});

const openFour = `
import { openLocalhostForward } from './src/index.ts';
const [strategy, ...ports] = process.argv.slice(1);
const nets = await Promise.all(ports.map((port) => openLocalhostForward({ hostPort: Number(port), containerPort: 80 }, { strategy, verify: false })));
console.log(JSON.stringify(nets));
for await (const _ of process.stdin);
await Promise.all(nets.map((net) => net.close()));
`;
