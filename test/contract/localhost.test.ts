import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import Docker from 'dockerode';
import { openLocalhostForward, type LocalhostForward } from '../../src/index.ts';
import { labels } from '../../src/ownership/names.ts';
import { type NodeContainer, startNode } from '../support/containers.ts';
import { listenTcp, listenUdp, type TcpAnswer } from '../support/services.ts';
import { optionsOf, strategies } from './strategies.ts';
import { listenLines } from './streams.ts';

const docker = new Docker();

// By whom a rule is put in is nothing to what stands in a container; iptables and relay carry as nftables and sidecar do.
const shown = strategies.filter(
  ({ name, privilege }) =>
    process.env['LHF_TEST_ALL'] === '1' ||
    (!['iptables', 'relay'].includes(name) && !['sudo', 'container'].includes(privilege)),
);

describe.each(shown)("a container's own localhost by $name with $privilege", (claims) => {
  let net: LocalhostForward;
  let container: NodeContainer;

  beforeAll(async () => {
    net = await openLocalhostForward([], optionsOf(claims));
    container = await startNode(net);
  });
  afterAll(async () => {
    await container?.remove();
    await net?.close();
  });

  const listHelpers = (): Promise<Docker.ContainerInfo[]> =>
    docker.listContainers({
      all: true,
      filters: { label: [`${labels.bridge}=${net.bridgeName}`], name: ['lhf-localhost-'] },
    });
  const helpers = async (): Promise<number> => (await listHelpers()).length;

  test('leads to ports of now and later, and no more once it is let go', async () => {
    await using service = await listenTcp();
    await using lines = await listenLines();
    await net.forward({ hostPort: service.port, containerPort: 80 });
    const joined = await net.joinLocalhost(container.id);
    await net.forward({ hostPort: lines.port, containerPort: 8088 });
    for (const localhost of ['127.0.0.1', 'localhost']) {
      const { answer } = await container.get<TcpAnswer>(`http://${localhost}:80`);
      expect(answer).toEqual({
        youAre: claims.keepsCallerAddress ? container.address : '127.0.0.1',
        marker: service.marker,
      });
    }
    const { answer: connection = -1 } = await container.open('localhost', 8088);
    expect(await container.ask(connection, 'hello')).toEqual({ answer: 'hello' });
    // The way is the forward's: what is cut there is cut here.
    await net.cut(8088);
    expect(await container.ask(connection, 'again')).toMatchObject({
      error: expect.stringMatching(claims.cutsWith) as string,
    });
    await net.unforward(8088);
    expect(await container.connect('127.0.0.1', 8088)).toEqual({ error: 'ECONNREFUSED' });
    expect((await net.hits(80)).connections).toBe(2);
    expect(await helpers()).toBe(1);
    await joined[Symbol.asyncDispose]();
    await joined[Symbol.asyncDispose]();
    expect(await container.connect('127.0.0.1', 80)).toEqual({ error: 'ECONNREFUSED' });
    expect(await helpers()).toBe(0);
    await net.unforward(80);
  });

  test('leads to a port below 1024 where that takes a capability, as Podman leaves it', async () => {
    await using service = await listenTcp();
    await using other = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, optionsOf(claims));
    const sysctls = { 'net.ipv4.ip_unprivileged_port_start': '1024' };
    const { networkName, extraHosts } = other;
    await using confined = await startNode({ networkName, extraHosts, sysctls });
    await other.joinLocalhost(confined.id);
    expect(await confined.get('http://localhost:80')).toMatchObject({ answer: { marker: service.marker } });
    await confined.remove();
  });

  test('keeps nobody from removing the container', async () => {
    await using joining = await startNode({ networkName: net.networkName, extraHosts: net.extraHosts });
    await using joined = await net.joinLocalhost(joining.id);
    await joining.remove();
    expect(joined).toBeDefined();
    await expect(docker.getContainer(joining.id).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('can be joined again when somebody took its helper, or it has started again', async () => {
    await using service = await listenTcp();
    await net.joinLocalhost(container.id);
    const [helper] = await listHelpers();
    await docker.getContainer(helper?.Id ?? '').remove({ force: true });
    // A later port does not fail for it.
    await net.forward({ hostPort: service.port, containerPort: 80 });
    await using again = await net.joinLocalhost(container.id);
    expect(again).toBeDefined();
    expect(await container.get('http://localhost:80')).toMatchObject({ answer: { marker: service.marker } });

    const { networkName, extraHosts } = net;
    await using other = await startNode({ networkName, extraHosts });
    await net.joinLocalhost(other.id);
    const before = await listHelpers();
    expect(before).toHaveLength(2);
    await docker.getContainer(other.id).restart({ t: 0 });
    await using joined = await net.joinLocalhost(other.id);
    expect(joined).toBeDefined();
    const after = await listHelpers();
    expect(after).toHaveLength(2);
    expect(after.filter(({ Id }) => !before.some((one) => one.Id === Id))).toHaveLength(1);
    await net.unforward(80);
  });

  test('what is in the way is told before anything is left', async () => {
    await using service = await listenTcp();
    await container.serve(8089, 'their own');
    await net.forward({ hostPort: service.port, containerPort: 8089 });
    await expect(net.joinLocalhost(container.id)).rejects.toMatchObject({ code: 'LHF_ERR_PORT_IN_USE' });
    expect(await helpers()).toBe(0);
    await net.unforward(8089);
    await using joined = await net.joinLocalhost({ getId: () => container.id });
    await expect(net.forward({ hostPort: service.port, containerPort: 8089 })).rejects.toMatchObject({
      code: 'LHF_ERR_PORT_IN_USE',
    });
    expect(net.ports).toEqual([]);
    await expect(net.joinLocalhost(container.id)).rejects.toThrow('not joined yet');
    await expect(net.joinLocalhost('lhf-no-such-container')).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
    expect(joined).toBeDefined();
  });

  test('goes with its forward', async () => {
    await using service = await listenTcp();
    await using other = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, optionsOf(claims));
    await expect(other.joinLocalhost(container.id)).rejects.toThrow(`docker network connect ${other.networkName}`);
    await docker.getNetwork(other.networkId).connect({ Container: container.id });
    await other.joinLocalhost(container.id);
    expect(await container.get('http://localhost:80')).toMatchObject({ answer: { marker: service.marker } });
    await docker.getNetwork(other.networkId).disconnect({ Container: container.id, Force: true });
    await other.close();
    expect(await container.connect('127.0.0.1', 80)).toEqual({ error: 'ECONNREFUSED' });
  });
});

describe.each(
  shown.filter(
    ({ name, carries }) => name === 'nftables' || (carries.includes('udp') && process.env['LHF_TEST_ALL'] === '1'),
  ),
)("datagrams to a container's own localhost by $name", (claims) => {
  test('are answered', async () => {
    await using datagrams = await listenUdp();
    await using net = await openLocalhostForward(
      { hostPort: datagrams.port, containerPort: 82, protocol: 'udp' },
      optionsOf(claims),
    );
    await using container = await startNode(net);
    await net.joinLocalhost(container.id);
    expect(await container.send('127.0.0.1', 82, 'hello')).toEqual({ answer: 'hello' });
    await container.remove();
  });
});
