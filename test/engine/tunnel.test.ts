import { once } from 'node:events';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ForwardHandover, openLocalhostForward } from '../../src/index.ts';
import { spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { type PrivateEngine, startPrivateEngine } from '../support/private-engine.ts';
import { execHere, outputOf } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { importSshdImage } from '../support/sshd-image.ts';
import { until } from '../support/until.ts';

const [here, there] = ['10.231.7.1', '10.231.7.2'];

/** A cable between this network and the engine's. */
const connectTo = async (engine: PrivateEngine): Promise<AsyncDisposable> => {
  // Who is in the engine's network, by its pid here.
  const inside = engine.spawn(['sh', '-c', 'echo ready; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (inside.stdout !== null) await once(inside.stdout, 'data');
  const script = `
    set -e
    ip link add lhf-test-here type veth peer name lhf-test-there netns "$1"
    ip addr add ${here}/30 dev lhf-test-here
    ip link set lhf-test-here up
  `;
  await outputOf(execHere, ['sh', '-c', script, 'connect', String(inside.pid)]);
  await outputOf(engine.exec, [
    'sh',
    '-c',
    `ip addr add ${there}/30 dev lhf-test-there && ip link set lhf-test-there up`,
  ]);
  inside.stdin?.end();
  return { [Symbol.asyncDispose]: async () => void (await execHere(['ip', 'link', 'del', 'lhf-test-here'])) };
};

describe('an engine elsewhere', () => {
  const docker = new Docker({ host: there, port: 2375, protocol: 'http' });
  let engine: PrivateEngine;
  let cable: AsyncDisposable;
  let image: string;

  beforeAll(async () => {
    engine = await startPrivateEngine({ dockerdArgs: ['--host=tcp://0.0.0.0:2375', '--tls=false'] });
    cable = await connectTo(engine);
    image = await importSshdImage(docker);
    process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] = image;
  });
  afterAll(async () => {
    delete process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'];
    await cable?.[Symbol.asyncDispose]();
    await engine?.stop();
  });

  const left = async (): Promise<string[]> => {
    const [networks, containers] = await Promise.all([
      docker.listNetworks({ filters: { label: ['localhost-forward.session'] } }),
      docker.listContainers({ all: true, filters: { label: ['localhost-forward.session'] } }),
    ]);
    return [...networks.map(({ Name }) => Name), ...containers.map(({ Names }) => Names.join())];
  };
  const options = () => ({ docker, verify: { image, timeoutMs: 30_000 } });

  test('is reached by a tunnel, chosen for it, proven at the very service, and gone', async () => {
    await using service = await listenTcp();
    const net = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, options());
    expect(net).toMatchObject({ strategy: 'tunnel', privilege: 'none' });
    expect(net.reasons.find(({ strategy }) => strategy === 'nftables')?.reason).toMatch(/is on another host/);
    expect(await net.verify({ image })).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
    const container = await startNode({ docker, networkName: net.networkName, extraHosts: net.extraHosts });
    expect(await container.get<TcpAnswer>(net.url())).toMatchObject({ answer: { marker: service.marker } });
    expect(await net.hits()).toMatchObject({ connections: 1 });
    await container.remove();
    await net.close();
    expect(await left()).toEqual([]);
  });

  test('a service that comes later, and goes, ends nothing', async () => {
    const { port } = await listenTcp().then(async (service) => {
      await service.close();
      return service;
    });
    await using net = await openLocalhostForward({ hostPort: port, containerPort: 80 }, options());
    await using container = await startNode({ docker, networkName: net.networkName, extraHosts: net.extraHosts });
    expect((await container.get(net.url())).error).toMatch(/ECONNRESET|socket hang up/);
    await using service = await listenTcp({ port });
    expect(await container.get<TcpAnswer>(net.url())).toMatchObject({ answer: { marker: service.marker } });
  });

  test('a process that is killed leaves nothing there', async () => {
    await using service = await listenTcp();
    const source = `
      import { openLocalhostForward } from 'localhost-forward';
      const [port, image, host] = process.argv.slice(1);
      const docker = { host, port: 2375, protocol: 'http' };
      console.log(JSON.stringify(await openLocalhostForward(Number(port), { docker, verify: { image, timeoutMs: 30_000 } })));
      setInterval(() => {}, 1_000);
    `;
    await using script = spawnScript({ source, args: [String(service.port), image, there] });
    const { networkName } = JSON.parse(await script.waitForLine(/^\{/)) as ForwardHandover;
    expect(await left()).toContain(networkName);
    await script.kill('SIGKILL');
    await until(async () => (await left()).length === 0, { what: 'the guardian' });
  });

  test('whose sshd is taken is told of at once, by each answer, and can be closed', async () => {
    await using service = await listenTcp();
    const net = await openLocalhostForward({ hostPort: service.port, containerPort: 80 }, options());
    const warned = once(process, 'warning') as Promise<[Error]>;
    await docker.getContainer(net.networkName.replace('lhf-', 'lhf-tunnel-')).remove({ force: true });
    const gone = `The tunnel of ${net.networkName} is gone: its sshd, or the connection to it, has ended`;
    expect((await warned)[0].message).toBe(gone);
    await expect(net.verify({ image })).rejects.toMatchObject({
      diagnosis: { finding: 'rule-missing', sentence: gone },
    });
    await expect(net.forward(1)).rejects.toMatchObject({
      code: 'LHF_ERR_RULES',
      message: `${gone}\nTry: open another forward`,
    });
    await net.close();
    expect(await left()).toEqual([]);
  });

  test('says what it lacks: an image for its probe, or one with an sshd', async () => {
    await expect(openLocalhostForward(0, { docker })).rejects.toMatchObject({
      code: 'LHF_ERR_UNREACHABLE',
      message: expect.stringMatching(
        /cannot run this machine's node.*\n(?:.*\n)*Try: export LOCALHOST_FORWARD_PROBE_IMAGE=/,
      ),
    });
    process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] = 'lhf-test-no-such-image:none';
    try {
      await expect(openLocalhostForward(0, { docker, verify: false })).rejects.toMatchObject({
        code: 'LHF_ERR_RULES',
        strategy: 'tunnel',
        message: expect.stringMatching(/lhf-test-no-such-image[^]*Try: LOCALHOST_FORWARD_TUNNEL_IMAGE=/),
      });
    } finally {
      process.env['LOCALHOST_FORWARD_TUNNEL_IMAGE'] = image;
    }
    expect(await left()).toEqual([]);
  });
});
