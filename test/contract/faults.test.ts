import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLocalhostForward, type LocalhostForward, type LocalhostForwardError } from '../../src/index.ts';
import { type NodeContainer, startNode } from '../support/containers.ts';
import { execHere } from '../support/run.ts';
import { listenSockets, listenTcp, listenUdp } from '../support/services.ts';
import { until } from '../support/until.ts';
import { optionsOf, strategies } from './strategies.ts';
import { digestOf, listenForDownloads, listenLines, type Lines } from './streams.ts';

const host = 'host.docker.internal';
// Nothing comes back of what is dropped; an answer takes a thousandth of this.
const silenceMs = 250;

// By whom a rule is put in is nothing to the rule.
const shown = strategies.filter(
  ({ privilege }) => process.env['LHF_TEST_ALL'] === '1' || !['sudo', 'container'].includes(privilege),
);

const tried = await execHere(['unshare', '--net', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms']);
const hasNetem = tried.exitCode === 0;

describe.each(shown)('faulty ports by $name with $privilege', (claims) => {
  let net: LocalhostForward;
  let container: NodeContainer;
  let service: Lines;
  let other: Lines;

  beforeAll(async () => {
    [service, other] = await Promise.all([listenLines(), listenLines()]);
    net = await openLocalhostForward([{ hostPort: other.port, containerPort: 81 }], optionsOf(claims));
    container = await startNode(net);
  });
  afterAll(async () => {
    await container?.remove();
    await net?.close();
    await Promise.all([service?.close(), other?.close()]);
  });

  const open = async (containerPort: number): Promise<number> => {
    const { answer, error } = await container.open(host, containerPort);
    if (answer === undefined) throw new Error(error);
    return answer;
  };
  const hitsOf = async (containerPort: number) => {
    const { attempts, connections } = await net.hits(containerPort);
    return { attempts, connections };
  };
  /** What a new connection comes to that says something. */
  const call = async (containerPort: number, patienceMs = silenceMs): Promise<string> => {
    const dialled = await container.connect(host, containerPort, patienceMs);
    if (dialled.error !== undefined || claims.drops === 'connections') return dialled.error ?? 'connected';
    const { answer = -1, error } = await container.open(host, containerPort);
    if (error !== undefined) return error;
    const said = await container.ask(answer, 'call', patienceMs);
    await container.reset(answer);
    // By the same way, and later: whoever carries has heard of the reset by the time that this has been answered.
    expect(await container.ask(await open(81), 'after')).toEqual({ answer: 'after' });
    return said.error ?? 'connected';
  };

  test('refuse: what is established is reset, what is new refused, and restored it is as before', async () => {
    await net.forward({ hostPort: service.port, containerPort: 80 });
    const [ending, staying] = [await open(80), await open(81)];
    expect(await container.ask(ending, 'one')).toEqual({ answer: 'one' });
    await net.cut(80);
    expect(await container.ask(ending, 'two')).toMatchObject({
      error: expect.stringMatching(claims.cutsWith) as string,
    });
    expect(await container.connect(host, 80)).toEqual({ error: 'ECONNREFUSED' });
    expect(await container.connect(host, 80)).toEqual({ error: 'ECONNREFUSED' });
    expect(await container.ask(staying, 'beside')).toEqual({ answer: 'beside' });
    await net.restore(80);
    expect(await container.ask(await open(80), 'three')).toEqual({ answer: 'three' });
    expect(service.received).toEqual(['one', 'three']);
    expect(await hitsOf(80)).toEqual({ attempts: claims.countsRefused ? 4 : 2, connections: 2 });
    await net.unforward(80);
  });

  test('reset: what is new is accepted and reset, and a service sees nothing of it', async () => {
    await using web = await listenTcp();
    await net.forward({ hostPort: web.port, containerPort: 80 });
    await net.cut(80, { mode: 'reset' });
    expect(await container.get(net.url(80))).toEqual({ error: 'ECONNRESET' });
    expect(await container.get(net.url(80))).toEqual({ error: 'ECONNRESET' });
    await net.restore();
    expect(await container.get(net.url(80))).toMatchObject({ answer: { marker: web.marker } });
    expect(web.callers).toHaveLength(1);
    expect(await hitsOf(80)).toEqual({ attempts: 3, connections: 1 });
    await net.unforward(80);
  });

  test('drop: what is established stalls and goes on, what is new gets no answer, and is gone when it gives up', async () => {
    await net.forward({ hostPort: service.port, containerPort: 80 });
    const before = service.callers.length;
    const stalling = await open(80);
    expect(await container.ask(stalling, 'four')).toEqual({ answer: 'four' });
    await net.cut(80, { mode: 'drop' });
    expect(await container.ask(stalling, 'five', silenceMs)).toEqual({ error: 'TIMEOUT' });
    expect(await call(80)).toBe('TIMEOUT');
    expect(service.received).not.toContain('five');
    await net.restore(80);
    await container.say(stalling, 'six');
    expect(await container.finish(stalling)).toEqual({ answer: 'four\nfive\nsix\nyou have ended\n' });
    expect(await call(80, 10_000)).toBe('connected');
    // One to connect and one to ask, where what is dropped is the answer.
    const calls = claims.drops === 'connections' ? 1 : 2;
    expect(await hitsOf(80)).toEqual({ attempts: 1 + 2 * calls, connections: 1 + calls });
    expect(service.callers).toHaveLength(before + 1 + calls);
    await net.unforward(80);
  });

  test('who waits through a drop is served once it is restored, and is one attempt', async () => {
    await net.forward({ hostPort: service.port, containerPort: 80 });
    await net.cut(80, { mode: 'drop' });
    const waiting = open(80).then((n) => container.ask(n, 'at last'));
    // Its SYN is sent again after a second: it has been dropped by then.
    expect(await call(80)).toBe('TIMEOUT');
    await net.restore(80);
    expect(await waiting).toEqual(claims.resumes ? { answer: 'at last' } : { error: 'ECONNRESET' });
    const calls = claims.drops === 'connections' ? 1 : 2;
    expect(await hitsOf(80)).toEqual({ attempts: 1 + calls, connections: claims.resumes ? 1 : 0 });
    await net.unforward(80);
  });

  test('who only listens is told, too', async () => {
    const sockets: Socket[] = [];
    await using news = await listenSockets((socket) => void sockets.push(socket.on('error', () => undefined)));
    await net.forward({ hostPort: news.port, containerPort: 80 });
    const listening = await open(80);
    await until(() => sockets.length === 1);
    await net.cut(80);
    sockets[0]?.write('news\n');
    expect(await container.fate(listening)).toMatchObject({ answer: expect.stringMatching(claims.cutsWith) as string });
    await net.unforward(80);
  });

  test('a port that goes takes its cut along, callers at once take turns, and who asks for no port is told', async () => {
    const port = { hostPort: service.port, containerPort: 80 };
    await net.forward(port);
    await net.cut(80, { mode: 'drop' });
    await net.unforward(80);
    await net.forward(port);
    expect(await call(80, 10_000)).toBe('connected');
    const changes = [net.cut(80), net.restore(80), net.cut(80, { mode: 'reset' }), net.cut(), net.restore(80)];
    await Promise.all(changes);
    expect(await container.connect(host, 80)).toEqual({ answer: 'connected' });
    expect(await container.connect(host, 81)).toEqual({ error: 'ECONNREFUSED' });
    await net.restore();
    expect(await container.connect(host, 81)).toEqual({ answer: 'connected' });
    await net.unforward(80);
    for (const refused of [net.cut(80), net.restore(80), net.cut(81, { mode: 'off' as 'drop' })])
      await expect(refused).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
    expect(await container.connect(host, 81)).toEqual({ answer: 'connected' });
  });

  test('slow: answers come late, of what is established too, none is lost, and restored they come at once', async () => {
    await net.forward({ hostPort: service.port, containerPort: 80 });
    const asking = await open(80);
    const said = [1, 2, 3, 4, 5].map((n) => `slow ${n}`);
    expect(await container.ask(asking, 'quick')).toEqual({ answer: 'quick' });
    const slowed = await net.slow(80, { latencyMs: 30_000 }).then(
      () => 'slow',
      ({ code, message }: LocalhostForwardError) => `${code}: ${message}`,
    );
    // Both are right, each where it is: which one this machine is, the kernel itself says.
    if (claims.delays === 'nobody' || (claims.delays === 'netem' && !hasNetem)) {
      expect(slowed).toMatch(/^LHF_ERR_UNSUPPORTED: .*: relay and sidecar do.*\n(.*\n)*Try: strategy: 'relay'/);
      expect(await container.ask(asking, 'still')).toEqual({ answer: 'still' });
    } else {
      expect(slowed).toBe('slow');
      for (const line of said) await container.say(asking, line);
      await until(() => service.received.includes('slow 5'));
      expect(await container.ask(asking, 'late', silenceMs)).toEqual({ error: 'TIMEOUT' });
      await net.restore(80);
      expect(await container.finish(asking)).toEqual({
        answer: ['quick', ...said, 'late', 'you have ended', ''].join('\n'),
      });
    }
    await net.unforward(80);
  });

  test('slow: a bandwidth holds bytes back, and loses none', async () => {
    await using downloads = await listenForDownloads(100_000);
    await net.forward({ hostPort: downloads.port, containerPort: 80 });
    const slowed = await net.slow(80, { bytesPerSecond: 10_000 }).then(
      () => 'slow',
      ({ code }: LocalhostForwardError) => code,
    );
    expect(slowed).toBe(claims.delays === 'nobody' ? 'LHF_ERR_UNSUPPORTED' : 'slow');
    const loading = await open(80);
    const digest = container.digest(loading);
    // Ten seconds are to come, and others are not held up.
    const unhurt = await open(81);
    expect(await container.ask(unhurt, 'beside')).toEqual({ answer: 'beside' });
    expect(await container.ask(loading, 'ignored', silenceMs)).toEqual(
      slowed === 'slow' ? { error: 'TIMEOUT' } : { error: 'END' },
    );
    await net.restore(80);
    expect(await digest).toEqual({ answer: { bytes: 100_000, sha256: digestOf(100_000) } });
    await net.unforward(80);
  });

  test('a proof and a diagnosis name the cut', async () => {
    await net.cut(81, { mode: 'drop' });
    await expect(net.verify()).rejects.toMatchObject({
      code: 'LHF_ERR_UNREACHABLE',
      message: expect.stringMatching(/tcp port 81 .* cut on purpose.*\n(.*\n)*Try: await net\.restore\(81\)/) as string,
    });
    expect(await net.diagnose()).toMatchObject({ reachable: false, finding: 'dropped-before-rule' });
    await net.restore();
  });
});

// The same elements of the same table stand for it.
const shownByUdp = shown.filter(
  ({ name, carries }) =>
    carries.includes('udp') && (process.env['LHF_TEST_ALL'] === '1' || !['iptables', 'relay'].includes(name)),
);

describe.each(shownByUdp)('UDP cut by $name with $privilege', (claims) => {
  test('datagrams are refused or dropped, and counted', async () => {
    await using datagrams = await listenUdp();
    await using net = await openLocalhostForward(
      { hostPort: datagrams.port, containerPort: 80, protocol: 'udp' },
      optionsOf(claims),
    );
    await using container = await startNode(net);
    expect(await container.send(host, 80, 'one')).toEqual({ answer: 'one' });
    for (const mode of ['refuse', 'reset'] as const) {
      await net.cut(80, { mode });
      expect(await container.send(host, 80, mode)).toEqual({ error: 'ECONNREFUSED' });
    }
    await net.cut(80, { mode: 'drop' });
    expect(await container.send(host, 80, 'two', silenceMs)).toEqual({ error: 'TIMEOUT' });
    await net.restore(80);
    expect(await container.send(host, 80, 'three')).toEqual({ answer: 'three' });
    expect(datagrams.received).toEqual(['one', 'three']);
    const { attempts, connections } = await net.hits();
    expect({ attempts, connections }).toEqual({ attempts: claims.countsRefused ? 5 : 3, connections: 2 });
    await container.remove();
  });
});
