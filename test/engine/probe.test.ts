import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import {
  isLocalhostForwardError,
  joinLocalhostForward,
  type LocalhostForward,
  type LocalhostForwardError,
  openLocalhostForward,
  sweep,
} from '../../src/index.ts';
import { renderSession } from '../../src/ownership/owner.ts';
import { currentSession } from '../../src/lifecycle/session.ts';
import { ensureTestImage, startNode } from '../support/containers.ts';
import { brokenConnection, gateDocker } from '../support/gated-docker.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { listenTcp, listenUdp } from '../support/services.ts';

const patient = { timeoutMs: 30_000 };
const zeroHits = { connections: 0, packets: 0, bytes: 0 };

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
    const views = [net, joinLocalhostForward(net.toJSON()), joinLocalhostForward(net.toJSON())];
    const proofs = views.map((view) => view.verify(patient));
    const diagnoses = views.map((view) => view.diagnose(patient));
    for (const proof of await Promise.all(proofs)) expect(proof).toMatchObject({ ports: [{ answer: 'accepted' }] });
    for (const diagnosis of await Promise.all(diagnoses)) {
      expect(diagnosis).toMatchObject({ reachable: true });
      // Each by its own packets: the table that counts them is one on a bridge, too.
      expect(diagnosis.hops.find(({ name }) => name === 'bridge')?.packets).toBeGreaterThan(0);
    }
    await Promise.all(views.slice(1).map((view) => view.close()));
  });

  /** What a worker leaves that is killed between the creation and the start of its probe. */
  const leaveProbe = async ({ id, bridgeName }: LocalhostForward): Promise<void> => {
    const docker = new Docker();
    const dead = renderSession({ ...currentSession().owner, startTime: 1 });
    await docker.createContainer({
      name: `lhf-probe-${id}-0`,
      Image: await ensureTestImage(docker),
      Cmd: ['/none'],
      Labels: { 'localhost-forward.session': dead, 'localhost-forward.bridge': bridgeName },
    });
  };

  test('do not wait for one of the dead that never started', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: false });
    await leaveProbe(net);
    expect(await net.verify(patient)).toMatchObject({ ports: [{ answer: 'accepted' }] });
  });

  test('of the dead are swept, and the bridge that they were on is not', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: false });
    await leaveProbe(net);
    const { removed } = await sweep();
    expect(removed.filter(({ bridge }) => bridge === net.bridgeName)).toMatchObject([{ kind: 'container' }]);
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

describe('whatever happens while a forward is proven', () => {
  const open = async (port: number, options: Parameters<typeof openLocalhostForward>[1]): Promise<unknown> => {
    let net: LocalhostForward;
    try {
      net = await openLocalhostForward(port, { verify: patient, ...options });
    } catch (error) {
      return error;
    }
    await net.close();
    return undefined;
  };

  /** Calls that a proof makes, each of which an undisturbed run does make. */
  const calls = [
    'POST /containers/create',
    'POST /containers/<id>/attach',
    'POST /containers/<id>/start',
    'DELETE /containers/<id>',
  ];
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
        // The removal comes when all is proven.
        const codes = call.startsWith('DELETE') ? ['LHF_ERR_ABORTED', undefined] : ['LHF_ERR_ABORTED'];
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
        // The removal comes when all is proven, and is tried again.
        const expected = call.startsWith('DELETE') ? [undefined, undefined] : ['LHF_ERR_UNREACHABLE', 'probe-failed'];
        expect([code, diagnosis?.finding], `${when} ${call}: ${String(error)}`).toEqual(expected);
        expect(renderDifference(before, await snapshotHere()), `${when} ${call}`).toBe('');
      }
    }
  });
});
