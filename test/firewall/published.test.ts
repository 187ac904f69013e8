import Docker from 'dockerode';
import { expect, it } from 'vitest';
import { ensureTestImage, mountNode, startNode } from '../support/containers.ts';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { until } from '../support/until.ts';
import { drive, shell } from './drive.ts';

const port = 9090;

/** A container whose service is published on the host's 127.0.0.1. */
const publish = async (engine: PrivateEngine): Promise<void> => {
  const docker = new Docker({ socketPath: engine.socketPath });
  const container = await docker.createContainer({
    name: 'published',
    Image: await ensureTestImage(docker),
    Entrypoint: ['/node'],
    Cmd: ['-e', "require('node:net').createServer((caller) => caller.on('error', () => {}).end('it')).listen(8080)"],
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      Binds: await mountNode(),
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] },
    },
  });
  await container.start();
  const answers = async (): Promise<boolean> =>
    (await engine.exec(['bash', '-c', `timeout 2 cat < /dev/tcp/127.0.0.1/${port}`])).stdout === 'it';
  await until(answers, { what: 'the service, as this host reaches it' });
};

// The engine's own socket on that port accepts by the kernel alone: a connection there is no proof that anybody answers.
it('a port that a container publishes without the engine’s proxy is told from a service, and a relay reaches it, which is the advice', async () => {
  await using engine = await startPrivateEngine({ dockerdArgs: ['--userland-proxy=false'] });
  await publish(engine);
  for (const strategy of ['nftables', 'iptables']) {
    await using net = drive(engine, { strategy, port });
    const { code, diagnosis } = await net.open();
    expect([code, diagnosis?.finding]).toEqual(['LHF_ERR_UNREACHABLE', 'listens-on-other-address']);
    expect(diagnosis?.sentence).toMatch(/^The container published publishes port 9090 without the engine's proxy: /);
    expect(diagnosis?.advice).toBe("strategy: 'relay'");
  }
  await using net = drive(engine, { strategy: 'relay', port });
  expect(await net.open()).toHaveProperty('ok.strategy', 'relay');
  await net.close();
});

it('one that the engine’s proxy carries is a service as any other', async () => {
  await using engine = await startPrivateEngine();
  await publish(engine);
  await using net = drive(engine, { strategy: 'nftables', verify: false, port });
  await net.open();
  expect(await net.verify()).toMatchObject({ ok: { ports: [{ proof: 'connection-at-service' }] } });
  await net.close();
});

// As CNI's portmap does for a pod's hostPort, and engines that keep no port by a socket.
it('a port that a rule leads on from this host’s 127.0.0.1, where nobody listens, is reached by a relay, which is the advice', async () => {
  await using engine = await startPrivateEngine();
  const docker = new Docker({ socketPath: engine.socketPath });
  await using service = await startNode({ docker });
  await service.serve(8080, 'it');
  await shell(
    engine,
    `sysctl -qw net.ipv4.conf.docker0.route_localnet=1
     iptables -t nat -A OUTPUT -d 127.0.0.1 -p tcp --dport ${port} -j DNAT --to-destination ${service.address}:8080
     iptables -t nat -A POSTROUTING -s 127.0.0.1 -d ${service.address} -j MASQUERADE`,
  );
  await using net = drive(engine, { strategy: 'nftables', verify: false, port });
  await net.open();
  const diagnosis = await net.diagnose();
  expect(diagnosis).toMatchObject({ finding: 'no-listener', advice: "strategy: 'relay'" });
  expect(diagnosis.sentence).toMatch(/itself, and this host's own connections to it are led on/);
  await net.close();
  for (const strategy of ['relay', 'sidecar']) {
    await using other = drive(engine, { strategy, verify: false, port });
    await other.open();
    expect(await other.verify()).toMatchObject({ ok: { ports: [{ proof: 'translated' }] } });
    expect(await other.diagnose()).toMatchObject({ reachable: true });
    await other.close();
  }
});
