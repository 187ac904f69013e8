import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { type ForwardHandover, openLocalhostForward } from '../../src/index.ts';
import { overlaps, parseCidr } from '../../src/network/subnet.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { snapshotHere, snapshotOf } from '../support/leftovers.ts';
import { listenTcp, type TcpAnswer, type TcpService } from '../support/services.ts';
import { until } from '../support/until.ts';
import { expectNothingLeft, renderLeft } from './left.ts';
import { type Claims, optionsOf, byWay, strategies } from './strategies.ts';

/** From one container that joins them all: each network's gateway leads to its own service. */
const expectAllReachable = async (nets: readonly ForwardHandover[], services: readonly TcpService[]): Promise<void> => {
  const docker = new Docker();
  await using container = await startNode({ networkName: nets[0]?.networkName ?? '' });
  for (const { networkId } of nets.slice(1)) await docker.getNetwork(networkId).connect({ Container: container.id });
  const answers = await Promise.all(nets.map(({ gateway }) => container.get<TcpAnswer>(`http://${gateway}:80`)));
  expect(answers.map(({ answer, error }) => answer?.marker ?? error)).toEqual(services.map(({ marker }) => marker));
  // Each service is called from its own network, as far as it can see that.
  const expected = nets.map(({ strategy, subnet }) => (keepsAddress(strategy) ? subnet : '127.0.0.1/32'));
  expect(answers.every(({ answer }, n) => overlaps(cidrOf(`${answer?.youAre}/32`), cidrOf(expected[n] ?? '')))).toBe(
    true,
  );
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

const keepsAddress = (strategy: string): boolean =>
  strategies.some(({ name, keepsCallerAddress }) => name === strategy && keepsCallerAddress);

// Those that differ in their strategy come first.
const turns = strategies.toSorted((a, b) => Number(a.privilege === 'sudo') - Number(b.privilege === 'sudo'));
const claimsOf = (n: number): Claims => turns[n % turns.length] as Claims;
/** Together they claim no more than the one that claims least. */
const weakest = strategies.find(({ leavesRuleset }) => leavesRuleset === 'nothing of ours') ?? claimsOf(0);

const cidrOf = (text: string) => parseCidr(text) ?? { base: -1, bits: 32 };

const listenMany = (count: number): Promise<TcpService[]> =>
  Promise.all(Array.from({ length: count }, () => listenTcp()));

describe('many forwards at once', () => {
  test.each(byWay)('16 in one process by $name with $privilege', async (claims) => {
    const services = await listenMany(16);
    const warmUp = await openLocalhostForward([], optionsOf(claims));
    await warmUp.close();
    const before = await snapshotHere();
    const nets = await Promise.all(
      services.map(({ port }) => openLocalhostForward({ hostPort: port, containerPort: 80 }, optionsOf(claims))),
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
    await expectNothingLeft(claims, before);
  });

  test('4 in each of 4 processes, of all strategies', async () => {
    const services = await listenMany(16);
    const before = await snapshotOf();
    const children = [0, 1, 2, 3].map((n) => {
      const ports = services.slice(4 * n, 4 * n + 4).map(({ port }) => String(port));
      return spawnScript({ file: openFour, args: [JSON.stringify(optionsOf(claimsOf(n))), ...ports] });
    });
    let nets: ForwardHandover[] = [];
    try {
      const lines = await Promise.all(children.map((child) => child.waitForLine(/^\[/, { timeoutMs: 90_000 })));
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
    await until(async () => renderLeft(weakest, before, await snapshotOf(nets)) === '', { what: 'the holders to go' });
  });
});

const openFour = `${projectRoot}test/contract/programs/open-some.ts`;
