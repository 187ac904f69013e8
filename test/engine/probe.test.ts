import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import {
  isLocalhostForwardError,
  type LocalhostForward,
  type LocalhostForwardError,
  openLocalhostForward,
  sweep,
} from '../../src/index.ts';
import { probeAddressOf } from '../../src/network/subnet.ts';
import { renderLabels } from '../../src/ownership/names.ts';
import { readOwner, renderSession } from '../../src/ownership/owner.ts';
import { spawnScript } from '../support/children.ts';
import { ensureTestImage, startNode } from '../support/containers.ts';
import { brokenConnection, gateDocker } from '../support/gated-docker.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { execHere } from '../support/run.ts';
import { listenTcp, listenUdp } from '../support/services.ts';
import { until } from '../support/until.ts';

const patient = { timeoutMs: 30_000 };
const zeroHits = { attempts: 0, connections: 0, packets: 0, bytes: 0 };

/** The same address where nobody listens any more. */
const unusedPort = async (): Promise<number> => {
  await using service = await listenTcp();
  return service.port;
};

/** Accepts, and remembers each byte that it is sent. */
const listenSuspiciously = async () => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    let sent = '';
    socket.on('data', (chunk) => (sent += chunk)).on('error', () => undefined);
    socket.on('close', () => heard.push(sent));
  });
  await once(server.listen({ port: 0, host: '127.0.0.1' }), 'listening');
  const close = async (): Promise<readonly string[]> => {
    // Resolves when each connection has ended, so that nothing can be heard later.
    await new Promise((resolve) => server.close(resolve));
    return heard;
  };
  return { port: (server.address() as AddressInfo).port, close };
};

/** Names of probes' containers that are there, in any state: all, or those of the session that opened a forward. */
const listProbes = async (net?: { id: string }): Promise<string[]> => {
  const prefix = `/lhf-probe-${net?.id.slice(0, 5) ?? ''}`;
  const listed = await new Docker().listContainers({ all: true });
  return listed.flatMap(({ Names }) => Names.filter((name) => name.startsWith(prefix))).map((name) => name.slice(1));
};

const countProbes = async (): Promise<number> => (await listProbes()).length;

/** An engine's client that counts the containers which are started by it. */
const countStarts = () => {
  let starts = 0;
  const docker = gateDocker({ before: (call) => void (call === 'POST /containers/<id>/start' && (starts += 1)) });
  return { docker, starts: () => starts };
};

interface Proven {
  readonly proof: string | undefined;
  readonly finding: string;
  /** Of a diagnosis, from the bridge. */
  readonly packets: number | undefined;
}

const prove = async (net: Pick<LocalhostForward, 'verify' | 'diagnose'>): Promise<Proven> => {
  const [verified, diagnosed] = await Promise.all([net.verify(patient), net.diagnose(patient)]);
  const packets = diagnosed.hops.find(({ name }) => name === 'bridge')?.packets;
  return { proof: verified.ports[0]?.proof, finding: diagnosed.finding, packets };
};

/** Another process that was handed a forward. */
const startWorker = (net: LocalhostForward): AsyncDisposable & { ask(order: 'prove' | 'close'): Promise<unknown> } => {
  const file = fileURLToPath(new URL('probe-worker.ts', import.meta.url));
  const script = spawnScript({ file, args: [JSON.stringify(net)] });
  return {
    ask: async (order) => {
      script.send(order);
      return JSON.parse(
        (await script.waitForLine((line) => line.startsWith(`${order} `))).slice(order.length),
      ) as unknown;
    },
    [Symbol.asyncDispose]: async () => {
      script.endInput();
      await script.exit;
    },
  };
};

const codeOf = (error: unknown): unknown => (isLocalhostForwardError(error) ? error.code : error);

describe.each(['nftables', 'iptables'] as const)('a proof by %s', (strategy) => {
  test('gets our listener’s nonce, told by the container’s own address, and is no hit', async () => {
    const ports = [
      { hostPort: 0, containerPort: 80 },
      { hostPort: 0, containerPort: 53, protocol: 'udp' },
    ] as const;
    await using net = await openLocalhostForward(ports, { strategy, verify: patient, listener: true });
    const { ports: seen, accepts } = await net.verify({ port: 80 });
    expect(seen).toMatchObject([{ containerPort: 80, protocol: 'tcp', answer: 'nonce' }]);
    expect(accepts).toEqual([]);
    const [network] = net.subnet.split('/');
    const last = (address = ''): number => Number(address.split('.')[3]);
    expect(seen[0]?.seenFrom?.split('.').slice(0, 3)).toEqual(network?.split('.').slice(0, 3));
    expect(last(seen[0]?.seenFrom)).toBeGreaterThan(last(net.gateway));
    expect(last(seen[0]?.seenFrom)).toBeLessThan(last(network) + 15);
    expect(await net.hits()).toEqual(zeroHits);
    // What is no probe is one.
    await using container = await startNode(net);
    await container.get(net.url(80));
    expect(await net.hits(80)).toMatchObject({ connections: 1 });
  });

  test('connects to a service of the user’s, and never writes to it', async () => {
    const service = await listenSuspiciously();
    await using datagrams = await listenUdp();
    const ports = [service.port, { hostPort: datagrams.port, protocol: 'udp' }] as const;
    const net = await openLocalhostForward(ports, { strategy, verify: patient });
    const { ports: seen } = await net.verify();
    expect(seen).toMatchObject([{ answer: 'accepted' }, { answer: 'sent' }]);
    expect(seen.map(({ seenFrom }) => seenFrom)).toEqual([undefined, undefined]);
    expect(await net.diagnose()).toMatchObject({ reachable: true, finding: 'reachable' });
    await net.close();
    const heard = await service.close();
    expect(heard.length).toBeGreaterThanOrEqual(3);
    expect(heard.join('')).toBe('');
    // Whatever was sent before would have been received before this.
    const socket = createSocket('udp4');
    socket.send('mine', datagrams.port, '127.0.0.1');
    await once(socket, 'message');
    socket.close();
    expect(datagrams.received).toEqual(['mine']);
  });

  test('tells that nothing listens, until something does', async () => {
    const port = await unusedPort();
    await using net = await openLocalhostForward({ hostPort: port, containerPort: 80 }, { strategy, verify: patient });
    await expect(net.verify()).rejects.toMatchObject({
      code: 'LHF_ERR_UNREACHABLE',
      strategy,
      diagnosis: { reachable: false, finding: 'no-listener', containerPort: 80 },
      message: expect.stringMatching(
        new RegExp(
          `^Nothing listens on 127\\.0\\.0\\.1:${port} \\(tcp\\).*\n(  [✓✗?] .*\n)+Try: ss -lntp 'sport = :${port}'$`,
        ),
      ),
    });
    expect(await net.diagnose()).toMatchObject({ finding: 'no-listener' });
    await using service = await listenTcp({ port });
    expect(await net.verify()).toMatchObject({ ports: [{ answer: 'accepted' }] });
    expect(service.callers).toHaveLength(1);
  });

  test('asks behind the relay whether a service is on ::1', async () => {
    const port = await unusedPort();
    await using net = await openLocalhostForward({ hostPort: port, hostAddress: '::1' }, { strategy, verify: false });
    await expect(net.verify()).rejects.toMatchObject({ diagnosis: { finding: 'no-listener' } });
    await using service = await listenTcp({ host: '::1', port });
    expect(await net.verify()).toMatchObject({ ports: [{ answer: 'accepted' }] });
    expect(service.callers).toEqual(['::1']);
  });
});

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

  test('wait for whoever has their address', async () => {
    await using service = await listenTcp();
    const refused: string[] = [];
    const docker = gateDocker({
      refused: (call) => void refused.push(call),
    });
    await using net = await openLocalhostForward(service.port, { verify: false, docker });
    const occupy = async () => {
      const other = await startNode();
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

describe('the probe stays', () => {
  test('one container proves all forwards of a session, and goes with the last', async () => {
    await using service = await listenTcp();
    const { docker, starts } = countStarts();
    await using first = await openLocalhostForward(service.port, { verify: patient, docker });
    const probes = await listProbes(first);
    await using second = await openLocalhostForward(service.port, { verify: patient, docker });
    await using third = await openLocalhostForward(0, { verify: patient, listener: true, docker });
    expect(await third.verify(patient)).toMatchObject({ ports: [{ proof: 'nonce' }] });
    await first.close();
    // It has left the network that it was born on, which is gone, and still goes to others.
    expect(await second.verify(patient)).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
    expect(await second.diagnose(patient)).toMatchObject({ reachable: true });
    expect(await listProbes(first)).toEqual(probes);
    expect([probes.length, starts()]).toEqual([1, 1]);
    await Promise.all([second.close(), third.close()]);
    expect(await listProbes(first)).toEqual([]);
  });

  test('however many are opened at once', async () => {
    await using service = await listenTcp();
    const { docker, starts } = countStarts();
    const options = { verify: { timeoutMs: 60_000 }, docker };
    const nets = await Promise.all(Array.from({ length: 20 }, () => openLocalhostForward(service.port, options)));
    expect([(await listProbes(nets[0])).length, starts()]).toEqual([1, 1]);
    await Promise.all(nets.map((one) => one.close()));
    expect(await listProbes(nets[0])).toEqual([]);
  });

  test('a forward that is not proven keeps it for those that are', async () => {
    await using service = await listenTcp();
    const { docker, starts } = countStarts();
    await using unproven = await openLocalhostForward(service.port, { verify: false, docker });
    for (let n = 0; n < 2; n += 1)
      await (await openLocalhostForward(service.port, { verify: patient, docker })).close();
    expect([(await listProbes(unproven)).length, starts()]).toEqual([1, 1]);
    await unproven.close();
    expect(await listProbes(unproven)).toEqual([]);
  });

  test('somebody removes it, and the next proof starts another', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: patient });
    const [probe = ''] = await listProbes(net);
    await new Docker().getContainer(probe).remove({ force: true });
    expect(await net.verify(patient)).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
    expect(await listProbes(net)).not.toContain(probe);
  });

  test('it carries nothing from one network to another', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: patient });
    const [probe = ''] = await listProbes(net);
    const { State } = await new Docker().getContainer(probe).inspect();
    const forwarding = 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/default/forwarding';
    const { stdout } = await execHere(['nsenter', '--target', String(State.Pid), '--net', 'sh', '-c', forwarding]);
    expect(stdout).toBe('0\n0\n');
  });

  test('it goes with its process, whatever ends that', async () => {
    await using service = await listenTcp();
    // By relay, which has no guardian that would remove it.
    const source = `
      import { openLocalhostForward } from './src/index.ts';
      const net = await openLocalhostForward(${service.port}, { strategy: 'relay', verify: { timeoutMs: 30000 } });
      console.log(JSON.stringify(net));
      process.stdin.resume();
    `;
    await using script = spawnScript({ source });
    const net = JSON.parse(await script.waitForLine(/^\{/)) as { id: string };
    expect(await listProbes(net)).toHaveLength(1);
    await script.kill('SIGKILL');
    await until(async () => (await listProbes(net)).length === 0, { what: 'the end of its probe' });
    await sweep();
  });

  test('it does not keep its process alive', async () => {
    await using service = await listenTcp();
    const source = `
      import { openLocalhostForward } from './src/index.ts';
      const net = await openLocalhostForward(${service.port}, { verify: { timeoutMs: 30000 } });
      console.log(JSON.stringify(net));
    `;
    await using script = spawnScript({ source });
    const net = JSON.parse(await script.waitForLine(/^\{/)) as { id: string };
    expect(await script.exit).toEqual({ code: 0, signal: null });
    expect(await listProbes(net)).toEqual([]);
  });

  test('of a worker goes when its view is closed', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: false });
    await using worker = startWorker(net);
    await worker.ask('prove');
    expect(await countProbes()).toBe(1);
    await worker.ask('close');
    expect(await countProbes()).toBe(0);
  });
});

describe('whatever happens while a forward is proven', () => {
  const open = async (port: number, options: Parameters<typeof openLocalhostForward>[1]): Promise<unknown> => {
    let net: LocalhostForward;
    try {
      net = await openLocalhostForward(port, { verify: patient, ...options });
    } catch (error) {
      return error;
    }
    const failure = await net.verify(patient).then(
      () => undefined,
      (error: unknown) => error,
    );
    await net.close();
    return failure;
  };

  /** Calls that a proof makes, each of which an undisturbed run does make. */
  const calls = [
    'POST /containers/create',
    'POST /containers/<id>/attach',
    'POST /containers/<id>/start',
    'POST /networks/<id>/disconnect',
    'POST /networks/<id>/connect',
    'DELETE /containers/<id>',
  ];
  /** What nobody waits for before the forward is handed over, or what can be done in another way. */
  const isLater = (call: string): boolean => !call.startsWith('POST /containers');
  const rehearse = async (port: number): Promise<void> => {
    const made: string[] = [];
    expect(await open(port, { docker: gateDocker({ before: (call) => void made.push(call) }) })).toBeUndefined();
    expect(made).toEqual(expect.arrayContaining(calls));
  };

  const onFirst = (name: string, act: () => void) => {
    let done = false;
    return (call: string): void => {
      if (done || call !== name) return;
      done = true;
      act();
    };
  };

  test('nothing is left when the signal aborts at any step', async () => {
    await using service = await listenTcp();
    await rehearse(service.port);
    const before = await snapshotHere();
    for (const call of calls) {
      for (const when of ['before', 'after'] as const) {
        const abort = new AbortController();
        const docker = gateDocker({ [when]: onFirst(call, () => abort.abort()) });
        const error = await open(service.port, { docker, signal: abort.signal });
        const codes = isLater(call) ? ['LHF_ERR_ABORTED', undefined] : ['LHF_ERR_ABORTED'];
        expect(codes, `${when} ${call}`).toContain(error === undefined ? undefined : codeOf(error));
        expect(renderDifference(before, await snapshotHere()), `${when} ${call}`).toBe('');
      }
    }
  });

  test('nothing is left when the connection breaks at any one call', async () => {
    await using service = await listenTcp();
    await rehearse(service.port);
    const before = await snapshotHere();
    for (const call of calls) {
      for (const when of ['before', 'after'] as const) {
        const docker = gateDocker({
          [when]: onFirst(call, () => {
            throw brokenConnection();
          }),
        });
        const error = await open(service.port, { docker });
        const { code, diagnosis } = (error ?? {}) as Partial<LocalhostForwardError>;
        // What cannot leave a network goes as a whole, and a removal is tried again.
        const isMended = call.startsWith('DELETE') || call.endsWith('disconnect');
        const expected = isMended ? [undefined, undefined] : ['LHF_ERR_UNREACHABLE', 'probe-failed'];
        expect([code, diagnosis?.finding], `${when} ${call}: ${String(error)}`).toEqual(expected);
        expect(renderDifference(before, await snapshotHere()), `${when} ${call}`).toBe('');
      }
    }
  });
});
