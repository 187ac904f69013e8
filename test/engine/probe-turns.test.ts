import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { openLocalhostForward, sweep } from '../../src/index.ts';
import { probeAddressOf } from '../../src/network/subnet.ts';
import { renderLabels } from '../../src/ownership/names.ts';
import { readOwner, renderSession } from '../../src/ownership/owner.ts';
import { ensureTestImage, startNode } from '../support/containers.ts';
import { brokenConnection, gateDocker } from '../support/gated-docker.ts';
import { listenTcp } from '../support/services.ts';
import { until } from '../support/until.ts';
import { patient, prove, type Proven, startWorker } from './probes.ts';

describe('probes', () => {
  test('take turns on a bridge, whoever asks', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: false });
    // Each in a process of its own, with a probe of its own, and one more here.
    await using one = startWorker(net);
    await using other = startWorker(net);
    const answers = await Promise.all([one.ask('prove'), other.ask('prove'), prove(net)]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ proof: 'connection-at-service', finding: 'reachable' });
      // Each by its own packets: the table that counts them is one on a bridge, too.
      expect((answer as Proven).packets).toBeGreaterThan(0);
    }
  });

  test('wait for another process’s that has their address', async () => {
    await using service = await listenTcp();
    const refused: string[] = [];
    const docker = gateDocker({
      refused: (call) => void refused.push(call),
    });
    await using net = await openLocalhostForward(service.port, { verify: false, docker });
    const occupy = async () => {
      // A probe by its marks, which stays for as long as the test wants.
      const other = await startNode({ labels: renderLabels(net.bridgeName, renderSession(readOwner())) });
      const EndpointConfig = { IPAMConfig: { IPv4Address: probeAddressOf(net.subnet) } };
      await new Docker().getNetwork(net.networkId).connect({ Container: other.id, EndpointConfig });
      return other;
    };
    for (const call of ['POST /containers/<id>/start', 'POST /networks/<id>/connect']) {
      await using other = await occupy();
      refused.length = 0;
      const proving = net.verify(patient);
      await until(() => refused.filter((one) => one === call).length > 2, { what: 'several tries' });
      await other.remove();
      expect(await proving, call).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
    }
  });

  test('of the dead are swept, and the bridge that they were on is not', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: false });
    // What a worker leaves that is killed between the creation and the start of its probe.
    const dead = renderSession({ ...readOwner(), startTime: 1, nonce: 'dead0' });
    await new Docker().createContainer({
      name: 'lhf-probe-dead0-1',
      Image: await ensureTestImage(new Docker()),
      Cmd: ['/none'],
      NetworkingConfig: { EndpointsConfig: { [net.networkName]: {} } },
      HostConfig: { NetworkMode: net.networkName },
      Labels: renderLabels('lhf-dead0', dead),
    });
    const { removed } = await sweep();
    expect(removed.filter(({ session }) => session === dead)).toMatchObject([{ kind: 'container' }]);
    expect(await net.verify(patient)).toMatchObject({ ports: [{ answer: 'accepted' }] });
  });

  test('go on when the engine’s answer to a creation was lost', async () => {
    await using service = await listenTcp();
    let lost = false;
    const after = (call: string): void => {
      if (lost || call !== 'POST /containers/create') return;
      lost = true;
      throw brokenConnection();
    };
    await using net = await openLocalhostForward(service.port, { verify: false, docker: gateDocker({ after }) });
    await expect(net.verify()).rejects.toMatchObject({ diagnosis: { finding: 'probe-failed' } });
    expect(await net.verify()).toMatchObject({ ports: [{ answer: 'accepted' }] });
  });

  test('tell of an image that is not there', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: false });
    await expect(net.verify({ image: 'no/such:1' })).rejects.toMatchObject({
      diagnosis: { finding: 'probe-failed', advice: 'docker pull no/such:1' },
    });
  });

  test('name the container that dials another network’s gateway', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward({ hostPort: service.port, containerPort: 4080 }, { verify: false });
    await using container = await startNode({ extraHosts: ['host.docker.internal:host-gateway'] });
    await new Docker().getNetwork(net.networkId).connect({ Container: container.id });
    const dialling = new AbortController();
    const dialled = (async () => {
      while (!dialling.signal.aborted) await container.connect('host.docker.internal', 4080, 200);
    })();
    try {
      const diagnosis = await net.diagnose(patient);
      expect(diagnosis).toMatchObject({ reachable: false, finding: 'wrong-address' });
      expect(diagnosis.advice).toContain(`--add-host host.docker.internal:${net.gateway}`);
    } finally {
      dialling.abort();
      await dialled;
    }
    // The advice, followed.
    await using advised = await startNode({ extraHosts: net.extraHosts });
    await new Docker().getNetwork(net.networkId).connect({ Container: advised.id });
    expect(await advised.get(`http://host.docker.internal:4080`)).toMatchObject({ answer: { marker: service.marker } });
    await container.remove();
    expect(await net.diagnose(patient)).toMatchObject({ finding: 'reachable' });
  });
});
