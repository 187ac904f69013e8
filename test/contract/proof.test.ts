import { describe, expect, test } from 'vitest';
import {
  type ForwardHandover,
  joinLocalhostForward,
  type LocalhostForward,
  openLocalhostForward,
} from '../../src/index.ts';
import { startNode } from '../support/containers.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { listenTcp } from '../support/services.ts';
import { expectNothingLeft, snapshotWithHolder } from './left.ts';
import { type Claims, optionsOf, byRights } from './strategies.ts';

const verify = { timeoutMs: 30_000 };

describe.each(byRights)('a proof by $name with $privilege', (claims) => {
  const options = optionsOf(claims);

  test('sees the very connection at a service of the user’s, and is no hit', async () => {
    await using service = await listenTcp();
    const before = await snapshotWithHolder(claims, service.port);
    const net = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, { ...options, verify });
    expect(await net.verify(verify)).toMatchObject({
      ports: [{ containerPort: 80, protocol: 'tcp', answer: 'accepted', proof: 'connection-at-service' }],
      accepts: [],
    });
    expect(await net.diagnose(verify)).toMatchObject({ reachable: true, finding: 'reachable', containerPort: 80 });
    expect(await net.hits()).toEqual({ attempts: 0, connections: 0, packets: 0, bytes: 0 });
    await using container = await startNode(net);
    await container.get(net.url());
    expect(await net.hits()).toMatchObject({ connections: 1 });
    await container.remove();
    await net.close();
    await expectNothingLeft(claims, before);
  });

  test('gets the nonce of a listener of ours', async () => {
    await using net = await openLocalhostForward(0, { ...options, verify, listener: true });
    expect(await net.verify(verify)).toMatchObject({ ports: [{ answer: 'nonce', proof: 'nonce' }] });
    expect(await net.diagnose(verify)).toMatchObject({ reachable: true });
    expect(await net.hits()).toMatchObject({ connections: 0 });
  });

  test('needs no service at its opening, takes its port from nobody, and tells then that nothing listens', async () => {
    const { port } = await listenTcp().then(async (service) => {
      await service.close();
      return service;
    });
    await using net = await openLocalhostForward({ hostPort: port, containerPort: 80 }, { ...options, verify });
    await expect(net.verify(verify)).rejects.toMatchObject({
      code: 'LHF_ERR_UNREACHABLE',
      strategy: claims.name,
      diagnosis: { reachable: false, finding: 'no-listener', containerPort: 80 },
    });
    await using service = await listenTcp({ port });
    expect(await net.verify(verify)).toMatchObject({ ports: [{ answer: 'accepted' }] });
    // The probe dials once more for each tenth of a second in which nobody has answered.
    expect(service.callers.length).toBeGreaterThan(0);
  });
});

const forWorkers = async (claims: Claims, work: (joined: LocalhostForward) => Promise<void>): Promise<void> => {
  await using service = await listenTcp();
  await using net = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, optionsOf(claims));
  await using container = await startNode(net);
  // Its own probe stays as long as the forward, which a worker of this process shares.
  await net.verify(verify);
  const before = await snapshotHere();
  const joined = joinLocalhostForward(JSON.parse(JSON.stringify(net)) as ForwardHandover);
  expect(await container.get(joined.url())).toMatchObject({ answer: { marker: service.marker } });
  await work(joined);
  await expect(joined.forward(1)).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
  await joined.close();
  expect(await container.get(net.url())).toMatchObject({ answer: { marker: service.marker } });
  await expectNothingLeft(claims, before);
};

test.each(byRights.filter((claims) => claims.isSeenElsewhere))(
  'a worker counts and proves what was opened elsewhere by $name with $privilege',
  (claims) =>
    forWorkers(claims, async (joined) => {
      expect(await joined.hits()).toMatchObject({ connections: 1 });
      expect(await joined.verify(verify)).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
      expect(await joined.diagnose(verify)).toMatchObject({ reachable: true });
    }),
);

test.each(byRights.filter((claims) => claims.isSeenElsewhere))(
  'what a closed forward by $name with $privilege has counted is not zero for a worker, but not known',
  async (claims) => {
    const net = await openLocalhostForward(8088, optionsOf(claims));
    const joined = joinLocalhostForward(JSON.parse(JSON.stringify(net)) as ForwardHandover);
    expect(await joined.hits()).toMatchObject({ connections: 0 });
    await net.close();
    const told = { code: expect.stringMatching(/^LHF_ERR_(RULES|CLOSED)$/) as string };
    await expect(joined.hits()).rejects.toMatchObject(told);
    await joined.close();
  },
);

test.each(byRights.filter((claims) => !claims.isSeenElsewhere))(
  'a worker is told that $name counts and proves in the process that opened it',
  (claims) =>
    forWorkers(claims, async (joined) => {
      for (const look of ['hits', 'verify', 'diagnose'] as const)
        await expect(joined[look](), look).rejects.toMatchObject({ code: 'LHF_ERR_UNSUPPORTED' });
    }),
);
