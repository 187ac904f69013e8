import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AddressTaken } from '../../../src/engine/containers.ts';
import { labels } from '../../../src/ownership/names.ts';
import type { ProofContext } from '../../../src/proof/context.ts';
import { ProbeFailed, readEnd, runProbe, type ProbeHooks } from '../../../src/proof/run-probe.ts';
import type { Visit } from '../../../src/proof/staying-probe.ts';

const port = {
  protocol: 'tcp',
  containerPort: 80,
  hostPort: 1,
  targetPort: 1,
  hostAddress: '127.0.0.1',
  nonce: 'nonce',
} as const;

/** A probe that stands ready on a network and says nothing, and a deadline that the test decides on. */
const setUp = ({ bridge = 'lhf-none', more = {} }: { bridge?: string; more?: object } = {}) => {
  const deadline = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(deadline.signal);
  onTestFinished(() => timeout.mockRestore());
  const ended = Promise.withResolvers<void>();
  const visit = {
    dial: vi.fn<Visit['dial']>(async function* () {
      await ended.promise;
      yield* [];
    }),
    release: vi.fn<Visit['release']>(),
    complaint: vi.fn<Visit['complaint']>(() => ''),
    end: vi.fn<Visit['end']>(() => ended.resolve()),
  } satisfies Visit;
  const context = {
    tools: {
      host: { platform: 'linux' },
      engine: { docker: {}, facts: { vm: undefined, remote: false, endpoint: 'unix:///x.sock' } },
    },
    names: { bridge },
    network: {},
    hostnames: [],
    address: '198.18.0.1',
    probe: { visit: async () => visit },
    route: { proofs: async () => new Map(), isRelay: false },
    ...more,
  } as unknown as ProofContext;
  const run = async (hooks: ProbeHooks, signal = new AbortController().signal): Promise<unknown> => {
    const proof = { timeoutMs: 1_000, image: 'image' };
    try {
      for await (const event of runProbe(context, [port], proof, signal, hooks)) return event;
      return 'over';
    } catch (error) {
      return error;
    }
  };
  return { visit, run, late: () => deadline.abort(new DOMException('late', 'TimeoutError')) };
};

test('a probe whose packets could not be watched in time dials nothing, and fails as a probe', async () => {
  const { visit, run, late } = setUp();
  const leaving = vi.fn<() => Promise<void>>(async () => undefined);
  const outcome = await run({ arrived: async () => late(), leaving });
  expect(outcome).toBeInstanceOf(ProbeFailed);
  expect(String(outcome)).toContain('the probe was not ready to dial in time');
  expect(visit.dial).not.toHaveBeenCalled();
  expect(leaving).toHaveBeenCalledOnce();
  expect(visit.end).toHaveBeenCalledOnce();
});

test('one that hangs once it dials is told of otherwise, by what its program complained of where it did', async () => {
  const { visit, run, late } = setUp();
  visit.dial.mockImplementationOnce(() => {
    late();
    return (async function* () {
      yield* [];
    })();
  });
  visit.complaint.mockReturnValueOnce('node: not found');
  expect(String(await run({}))).toContain('node: not found');
  const other = setUp();
  other.visit.dial.mockImplementationOnce(() => {
    other.late();
    return (async function* () {
      yield* [];
    })();
  });
  expect(String(await other.run({}))).toContain('the probe did not say anything in time');
});

test('whoever asked and gave up meanwhile is told nothing', async () => {
  const { visit, run } = setUp();
  const given = new AbortController();
  expect(await run({ arrived: async () => given.abort() }, given.signal)).toBe('over');
  expect(visit.dial).not.toHaveBeenCalled();
  expect(visit.end).toHaveBeenCalledOnce();
});

test('a relay that accepts for nobody is a refusal, unless it has carried the connection on, whoever listens', () => {
  const still = { listening: false, relayed: true };
  const event = { visit: 1, key: 'tcp/80', event: 'accepted', ms: 1 } as const;
  const arrival = { at: 'nowhere', to: undefined, counted: 1, isCarried: true } as const;
  expect(readEnd(event, still)).toBe('refused');
  expect(readEnd({ ...event, arrival: { ...arrival, counted: 0 } }, still)).toBe('refused');
  expect(readEnd({ ...event, arrival }, still)).toBe('accepted');
  expect(readEnd(event, { ...still, relayed: false })).toBe('accepted');
});

test('a probe is ready to dial once the kernel has taken in that its bridge is up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-unit-bridge-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'operstate'), 'down\n');
  const { run, late } = setUp({ bridge: relative('/sys/class/net', folder) });
  let isUp = false;
  const running = run({
    arrived: async () => {
      expect(isUp).toBe(true);
      late();
    },
  });
  await writeFile(join(folder, 'other'), '');
  isUp = true;
  await writeFile(join(folder, 'operstate'), 'up\n');
  expect(String(await running)).toContain('the probe was not ready to dial in time');
});

test.each([
  ['lhf-probe-abcde-1', { [labels.bridge]: 'lhf-abcde' }, /another process's probe, lhf-probe-abcde-1, was on n1 all/],
  ['web', {}, /the container web has 198\.18\.0\.14, the address that probes have on n1/],
])('where its address stays taken it is told by whom: %s', async (name, marks, told) => {
  const networks = { Networks: { n1: { IPAddress: '198.18.0.14' } } };
  const listed = [{ Id: '73b7', Names: [`/${name}`], Labels: marks, NetworkSettings: networks }];
  const { run } = setUp({
    more: {
      tools: {
        host: { platform: 'linux' },
        engine: {
          docker: { listContainers: async () => listed },
          facts: { vm: undefined, remote: false, endpoint: 'unix:///x.sock' },
        },
      },
      network: { id: 'n1', name: 'n1', subnet: '198.18.0.0/28', probeAddress: '198.18.0.14' },
      probe: {
        visit: async () => {
          throw new AddressTaken('Address already in use');
        },
      },
    },
  });
  const outcome = await run({});
  expect(outcome).toBeInstanceOf(ProbeFailed);
  expect(String(outcome)).toMatch(told);
});
