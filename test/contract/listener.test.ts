import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { openLocalhostForward, withLocalhostForward } from '../../src/index.ts';
import { startNode } from '../support/containers.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { listenTcp } from '../support/services.ts';
import { ensureCurlImage } from '../users/support/curl-image.ts';
import { byWay, optionsOf } from './strategies.ts';

const fetchFrom = async (net: { networkName: string; extraHosts: readonly string[]; url(): string }) => {
  await using container = await startNode(net);
  return await container.get(net.url());
};

const unusedPort = await listenTcp().then(async (service) => {
  await service.close();
  return service.port;
});

describe.each(byWay)('the temporary listener, by $name with $privilege', (claims) => {
  const options = optionsOf(claims);
  test('stays for the whole lifetime where it is asked for', async () => {
    await using net = await openLocalhostForward(0, { ...options, listener: true });
    expect(await fetchFrom(net)).toEqual({ answer: 'localhost-forward\n' });
    await net.close();
    // Its port is free again.
    await (await listenTcp({ port: net.ports[0]?.hostPort ?? 0 })).close();
  });

  test('keeps what it was asked, and tells by whom', async () => {
    await using net = await openLocalhostForward({ hostPort: 0, containerPort: 80 }, { ...options, listener: true });
    const waiting = net.nextRequest({ path: '/orders', timeoutMs: 60_000 });
    await using container = await startNode(net);
    expect(await container.get(net.url().replace(':80', ':80/carts'))).toEqual({ answer: 'localhost-forward\n' });
    expect(await container.get(`${net.url()}/orders?page=2`)).toEqual({ answer: 'localhost-forward\n' });
    const { method, url, caller } = await waiting;
    expect({ method, url }).toEqual({ method: 'GET', url: `${net.url()}/orders?page=2` });
    expect(caller).toMatchObject({ id: container.id, address: container.address });
    expect(net.requests.map(({ path }) => path)).toEqual(['/carts', '/orders']);
    expect((await net.nextRequest()).path).toBe('/carts');
  });

  test('answers as the given function says', async () => {
    await using net = await openLocalhostForward(0, {
      ...options,
      listener: (_request, response) => void response.end('"mine"'),
    });
    expect(await fetchFrom(net)).toEqual({ answer: 'mine' });
  });

  test.each([
    ['a free port', 0],
    ['a port where nothing listens yet', unusedPort],
  ])('has gone before the body runs, so that the body can listen on %s', async (_what, port) => {
    await withLocalhostForward(port, { ...options, verify: { timeoutMs: 30_000 } }, async (net) => {
      const [forwarded] = net.ports;
      await using service = await listenTcp({ port: forwarded?.hostPort ?? 0 });
      expect(await fetchFrom(net)).toMatchObject({ answer: { marker: service.marker } });
    });
  });

  test('does not take a port from a service that listens', async () => {
    await using service = await listenTcp();
    await withLocalhostForward(service.port, options, async (net) => {
      expect(await fetchFrom(net)).toMatchObject({ answer: { marker: service.marker } });
    });
    const before = await snapshotHere();
    const opening = openLocalhostForward([0, service.port], { ...options, listener: true });
    await expect(opening).rejects.toMatchObject({
      code: 'LHF_ERR_PORT_IN_USE',
      message: expect.stringMatching(
        new RegExp(
          `^Port ${service.port} on 127.0.0.1 is taken.*\n  something listens on 127.0.0.1 port ${service.port}\nTry: ss `,
        ),
      ),
    });
    expect(renderDifference(before, await snapshotHere())).toBe('');
  });
});

// About one in two: Docker says that a container runs when its start is over, and a short program has called by then.
test('a container that calls before the engine says that it runs is named, each of eight', async () => {
  const docker = new Docker();
  const Image = await ensureCurlImage(docker);
  await using net = await openLocalhostForward(0, { listener: true, verify: false });
  for (let n = 0; n < 8; n += 1) {
    const container = await docker.createContainer({
      Image,
      Cmd: ['curl', '-fsS', net.url()],
      Labels: { n: String(n) },
      HostConfig: { NetworkMode: net.networkName, ExtraHosts: [...net.extraHosts] },
    });
    try {
      const [{ caller }] = await Promise.all([net.nextRequest({ timeoutMs: 60_000 }), container.start()]);
      expect(caller).toMatchObject({ id: container.id, labels: { n: String(n) } });
    } finally {
      await container.remove({ force: true });
    }
  }
});
