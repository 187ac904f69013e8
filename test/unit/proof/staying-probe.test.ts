import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { AddressTaken } from '../../../src/engine/containers.ts';
import { Calm } from '../../../src/proof/calm.ts';
import { StayingProbe, type Destination, type Visit } from '../../../src/proof/staying-probe.ts';
import { until } from '../../support/until.ts';
import { fakeProbeEngine, type ProbeEngine } from '../support/probe-engine.ts';

const session = { owner: { nonce: 'abcde' }, word: 'session' } as ConstructorParameters<typeof StayingProbe>[0];
const never = new AbortController().signal;

// The program is the real one, and a service of this host's loopback stands for what a network's gateway leads to.
const service = createServer((socket) => socket.on('error', () => undefined));
beforeAll(async () => void (await once(service.listen(0, '127.0.0.1'), 'listening')));
afterAll(() => void service.close());

const setUp = (gate?: Parameters<typeof fakeProbeEngine>[0], calm?: Calm) => {
  const engine = fakeProbeEngine(gate);
  const probe = new StayingProbe(session, calm);
  onTestFinished(() => probe.remove());
  return { engine, probe };
};

const to = (engine: ProbeEngine, network: string): Destination => ({
  docker: engine.docker,
  network: { id: network, name: network, bridge: '', subnet: '', gateway: '', probeAddress: '198.18.0.14' },
  hostnames: ['localhost'],
  address: '127.0.0.1',
  image: undefined,
});

const dial = async (visit: Visit): Promise<string | undefined> => {
  const { port } = service.address() as AddressInfo;
  const target = { key: 'tcp/80', protocol: 'tcp', port, insist: true } as const;
  for await (const { event } of visit.dial({ timeoutMs: 60_000, targets: [target] }))
    if (event !== 'quiet') return event;
  return undefined;
};

const prove = async (probe: StayingProbe, engine: ProbeEngine, network: string): Promise<string | undefined> => {
  const { arrived, gone } = probe.visit(to(engine, network), never);
  const visit = await arrived;
  const event = await dial(visit);
  visit.end();
  await gone;
  return event;
};

const count = (engine: ProbeEngine, verb: string): number =>
  engine.calls.filter((call) => call.startsWith(`${verb} `)).length;

describe('a probe that stays', () => {
  test('is one container for many visits at once, and leaves each network', async () => {
    const { engine, probe } = setUp();
    const networks = Array.from({ length: 20 }, (_, n) => `n${n}`);
    const events = await Promise.all(networks.map((network) => prove(probe, engine, network)));
    expect(new Set(events)).toEqual(new Set(['accepted']));
    expect([count(engine, 'start'), count(engine, 'connect')]).toEqual([1, 19]);
    expect([...engine.endpoints]).toEqual([]);
    expect(engine.containers()).toEqual(['lhf-probe-abcde-1']);
    await probe.remove();
    expect(engine.containers()).toEqual([]);
  });

  test('is on one network once at a time, and on others meanwhile', async () => {
    const { engine, probe } = setUp();
    const first = probe.visit(to(engine, 'n1'), never);
    const visit = await first.arrived;
    const second = probe.visit(to(engine, 'n1'), never);
    expect(await prove(probe, engine, 'n2')).toBe('accepted');
    expect(engine.calls.filter((call) => call.endsWith(' n1'))).toEqual([]);
    visit.end();
    (await second.arrived).end();
    await second.gone;
    expect(engine.calls.filter((call) => call.endsWith(' n1'))).toEqual([
      'disconnect n1',
      'connect n1',
      'disconnect n1',
    ]);
  });

  test('leaves when no opening is under way, or when somebody wants its place or the network', async () => {
    const calm = new Calm({ most: 600_000 });
    const { engine, probe } = setUp(undefined, calm);
    const endOpening = calm.disturb();
    const visits = ['n1', 'n2', 'n3'].map((network) => probe.visit(to(engine, network), never));
    for (const { arrived } of visits) (await arrived).end();
    const [first, second, third] = visits;
    const next = probe.visit(to(engine, 'n1'), never);
    await first?.gone;
    (await next.arrived).end();
    next.hurry();
    await next.gone;
    second?.hurry();
    await second?.gone;
    expect(engine.calls.filter((call) => call.startsWith('disconnect '))).toEqual([
      'disconnect n1',
      'disconnect n1',
      'disconnect n2',
    ]);
    endOpening();
    await third?.gone;
    expect([...engine.endpoints]).toEqual([]);
  });

  test.each(['start', 'connect'])(
    'waits at %s for whoever has its address, and says so where that does not end',
    async (at) => {
      const { engine, probe } = setUp();
      if (at === 'connect') await prove(probe, engine, 'n0');
      const other = new StayingProbe({ ...session, owner: { ...session.owner, nonce: 'other' } });
      onTestFinished(() => other.remove());
      const theirs = other.visit(to(engine, 'n1'), never);
      const visit = await theirs.arrived;
      const before = count(engine, at);
      const tried = (): Promise<boolean> => until(() => count(engine, at) > before + 2, { what: 'several tries' });
      const abort = new AbortController();
      const waiting = probe.visit(to(engine, 'n1'), abort.signal);
      waiting.arrived.catch(() => undefined);
      await tried();
      abort.abort();
      await expect(waiting.arrived).rejects.toBeInstanceOf(AddressTaken);
      const patient = prove(probe, engine, 'n1');
      visit.end();
      expect(await patient).toBe('accepted');
    },
  );

  test('is replaced where somebody removed it, before or during a visit', async () => {
    const { engine, probe } = setUp();
    await prove(probe, engine, 'n1');
    await engine.kill('lhf-probe-abcde-1');
    expect(await prove(probe, engine, 'n1')).toBe('accepted');
    const { arrived, gone } = probe.visit(to(engine, 'n2'), never);
    const visit = await arrived;
    const events = visit.dial({ timeoutMs: 60_000, targets: [] })[Symbol.asyncIterator]();
    const next = events.next();
    await engine.kill('lhf-probe-abcde-2');
    expect(await next).toMatchObject({ done: true });
    visit.end();
    await gone;
    expect(await prove(probe, engine, 'n2')).toBe('accepted');
    expect(count(engine, 'start')).toBe(3);
  });

  test('undoes an arrival that nobody waits for any more', async () => {
    const held = Promise.withResolvers<void>();
    const { engine, probe } = setUp((call) => (call === 'connect n2' ? held.promise : undefined));
    await prove(probe, engine, 'n1');
    const abort = new AbortController();
    const { arrived, gone } = probe.visit(to(engine, 'n2'), abort.signal);
    arrived.catch(() => undefined);
    await until(() => engine.calls.includes('connect n2'));
    abort.abort(new Error('enough'));
    await expect(arrived).rejects.toThrow('enough');
    held.resolve();
    await gone;
    expect([...engine.endpoints]).toEqual([]);
  });

  test('that is being started when it is removed leaves nothing', async () => {
    const held = Promise.withResolvers<void>();
    const { engine, probe } = setUp((call) => (call.startsWith('create') ? held.promise : undefined));
    const { arrived } = probe.visit(to(engine, 'n1'), never);
    await until(() => engine.calls.length > 0);
    const removed = probe.remove();
    held.resolve();
    const visit = await arrived.catch(() => undefined);
    visit?.end();
    await removed;
    expect(engine.containers()).toEqual([]);
  });

  test('is looked for again where the engine did not answer its creation', async () => {
    let isLost = true;
    const { engine, probe } = setUp((call) => {
      if (isLost && call.startsWith('start')) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    });
    await expect(probe.visit(to(engine, 'n1'), never).arrived).rejects.toThrow('socket hang up');
    isLost = false;
    expect(await prove(probe, engine, 'n1')).toBe('accepted');
    await probe.remove();
    expect(engine.containers()).toEqual([]);
  });

  test('fails all who wait for a start that no network is to blame for, and the next one is tried anew', async () => {
    let isRefused = true;
    const { engine, probe } = setUp((call) => {
      if (isRefused && call.startsWith('create'))
        throw Object.assign(new Error('No such image: x'), { statusCode: 404, json: { message: 'No such image: x' } });
    });
    const visits = ['n1', 'n2', 'n3'].map((network) => probe.visit(to(engine, network), never).arrived);
    for (const outcome of await Promise.allSettled(visits)) expect(outcome.status).toBe('rejected');
    expect(count(engine, 'create')).toBe(1);
    isRefused = false;
    expect(await prove(probe, engine, 'n1')).toBe('accepted');
  });
});
