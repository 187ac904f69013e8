import { dirname } from 'node:path';
import type { SmokeReport } from '../../src/smoke/report.ts';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { listForwards } from '../../src/leftovers/list-forwards.ts';
import { parseSession } from '../../src/ownership/owner.ts';
import { allowContainer } from '../../src/privilege/advice.ts';
import { labels } from '../../src/ownership/names.ts';
import { projectRoot } from '../support/children.ts';
import { ensureTestImage, startNode } from '../support/containers.ts';
import { requirePlace } from '../support/place.ts';
import { listenTcp } from '../support/services.ts';
import { until } from '../support/until.ts';
import { type LocalhostForward, sweep } from '../../src/index.ts';
import { differenceAtLast, startOpener, takeState, tracesOf } from './trace.ts';

// A job's container as CI makes them: the engine's socket, this host's network, and what it needs to change rules.
const place = requirePlace();
const docker = new Docker();

/** What a command line for `docker run` gives a container, as far as advice of ours goes. */
const given = (command: string): Docker.HostConfig => ({
  ...(command.includes('--network') ? { NetworkMode: /--network (\S+)/.exec(command)?.[1] ?? '' } : {}),
  ...(command.includes('--cap-add NET_ADMIN') ? { CapAdd: ['NET_ADMIN'] } : {}),
  ...(command.includes('--group-add') ? { GroupAdd: [/--group-add (\d+)/.exec(command)?.[1] ?? ''] } : {}),
  ...(command.includes('--security-opt systempaths=unconfined') ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
});

/** What was logged: each line of it has a header of eight bytes, which ends with its length. */
const textOf = (log: Buffer): string => {
  let text = '';
  for (let at = 0; at < log.length; at += 8 + log.readUInt32BE(at + 4))
    text += log.toString('utf8', at + 8, at + 8 + log.readUInt32BE(at + 4));
  return text;
};

/** Runs a program in a job's container that has these rights, and resolves once it has said what is waited for. */
const startJob = async (program: readonly string[], command: string, awaited: string, user = '') => {
  const system = [
    '/usr',
    '/lib',
    '/lib64',
    '/bin',
    '/sbin',
    '/etc/alternatives',
    '/tmp',
    projectRoot,
    dirname(process.execPath),
  ];
  const binds = [...new Set([...system, place.directory])].map((path) => `${path}:${path}`);
  // The folder of the engine's socket is root's alone; a devcontainer has the socket itself.
  const usual = command.includes('-v /var/run/docker.sock') ? [`${place.socketPath}:/var/run/docker.sock`] : [];
  const job = await docker.createContainer({
    Image: await ensureTestImage(docker),
    Cmd: [process.execPath, ...program],
    ...(user === '' ? {} : { User: user }),
    Env: [...(user === '' ? [`DOCKER_HOST=unix://${place.socketPath}`] : []), 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
    WorkingDir: projectRoot,
    HostConfig: {
      ...given(command),
      // iptables locks a file there.
      Tmpfs: { '/run': '', '/var/run': '' },
      Binds: [...binds, ...usual],
    },
  });
  await job.start();
  const said = async (): Promise<string> => textOf(await job.logs({ stdout: true, stderr: true }));
  await until(async () => (await said()).includes(awaited), { timeoutMs: 40_000, what: 'the job' }).catch(async () =>
    expect(await said()).toContain(awaited),
  );
  return { job, said: await said() };
};

const openAndClose = async (): Promise<void> => {
  await using opening = startOpener('nftables', 'close');
  expect(await opening.exit, opening.stderr()).toEqual({ code: 0, signal: null });
};

test.each(['nftables', 'iptables', 'relay'])(
  '%s: what a killed job’s container left is gone at the next opening on its engine',
  async (strategy) => {
    const clean = await takeState();
    const { job } = await startJob(['test/crash/programs/opener.ts', strategy, 'live'], allowContainer, 'open lhf-');
    const [network] = await docker.listNetworks({ filters: { label: [labels.session] } });
    const owner = parseSession(network?.Labels?.[labels.session] ?? '');
    expect(owner?.container).toBe(job.id.slice(0, 12));
    const had = (await tracesOf(owner?.pid)).toSorted();
    expect(had.length).toBeGreaterThan(0);

    // While it runs, and for whoever cannot tell, it is alive.
    await openAndClose();
    expect((await sweep()).removed).toEqual([]);
    expect((await tracesOf(owner?.pid)).toSorted()).toEqual(had);
    const listed = async (): Promise<string[]> => (await listForwards({ docker })).map(({ alive }) => alive);
    expect(await listed()).toEqual(['elsewhere']);

    await job.kill();
    expect(await listed()).toEqual(['dead']);
    if (strategy === 'nftables') await job.remove();
    await openAndClose();
    await job.remove({ force: true }).catch(() => undefined);
    expect(await differenceAtLast(clean)).toBe('');
  },
);

test('what a job left is gone at the next opening once its container has been started again, and what the new run has stays', async () => {
  const clean = await takeState();
  const { job } = await startJob(['test/crash/programs/opener.ts', 'nftables', 'live'], allowContainer, 'open lhf-');
  const list = async (): Promise<string[]> =>
    (await docker.listNetworks({ filters: { label: [labels.session] } })).map(({ Name }) => Name);
  const [earlier = ''] = await list();
  await job.restart({ t: 0 });
  await until(async () => (await list()).length === 2, { timeoutMs: 40_000, what: 'the second run' });
  const [later] = (await list()).filter((name) => name !== earlier);
  await openAndClose();
  await until(async () => !(await list()).includes(earlier), { what: 'the first run’s network to go' });
  await openAndClose();
  expect(await list()).toEqual([later]);
  await job.remove({ force: true });
  await openAndClose();
  expect(await differenceAtLast(clean)).toBe('');
});

test('in a container whose /proc/sys is read-only the next rights are taken, and what the advice says is enough for the others', async () => {
  const clean = await takeState();
  const told = (said: string): string[] => said.split('\n').flatMap((line) => line.split('outcome ')[1] ?? []);
  const poor = await startJob(['test/crash/programs/outcomes.ts'], '--network host --cap-add NET_ADMIN', 'end');
  await poor.job.remove({ force: true });
  const [auto, ...named] = told(poor.said);
  expect(auto).toBe('nftables by container');
  for (const refusal of named)
    expect(refusal).toMatch(/^LHF_ERR_RULES route_localnet of lhf-\w+ could not be turned on: /);
  const advice = named.map((refusal) => /Try: (.*)$/.exec(refusal)?.[1] ?? '');
  expect(advice).toEqual([allowContainer, allowContainer]);
  const rich = await startJob(['test/crash/programs/outcomes.ts'], advice[0] ?? '', 'end');
  await rich.job.remove({ force: true });
  expect(told(rich.said)).toEqual(['nftables by root', 'nftables by root', 'iptables by root']);
  expect(await differenceAtLast(clean)).toBe('');
});

test('in a container with a network of its own, its own loopback is reached, and that of the host by nobody', async () => {
  const clean = await takeState();
  await using host = await listenTcp({ port: 8088 });
  const tell = (said: string, what: string): unknown =>
    JSON.parse(said.split('\n').flatMap((line) => line.split(`${what} `)[1] ?? [])[0] ?? 'null');
  const { job, said } = await startJob(['test/crash/programs/in-own-network.ts'], '', 'open {');
  expect(tell(said, 'told')).toEqual({
    ok: true,
    strategy: 'relay',
    finding: 'no-listener',
    refused: expect.stringContaining(
      `nftables: this process is in the container ${job.id.slice(0, 12)}, which has a network of its own`,
    ) as string,
  });
  const net = tell(said, 'open') as LocalhostForward;
  expect(net).toMatchObject({ strategy: 'relay', privilege: 'none' });
  {
    await using container = await startNode(net);
    expect(await container.get(`http://${net.hostname}:8088`)).toEqual({ answer: 'of the job' });
    // Its other addresses are not listened on.
    const { NetworkSettings } = await job.inspect();
    const others = Object.values(NetworkSettings.Networks).filter(({ IPAddress }) => IPAddress !== net.gateway);
    expect(others).toHaveLength(1);
    await using stranger = await startNode();
    expect((await stranger.connect(others[0]?.IPAddress ?? '', 8088, 1_000)).error).toBe('ECONNREFUSED');
    await container.get(`http://${net.hostname}:8088/close`);
  }
  await until(async () => (await job.logs({ stdout: true })).toString().includes('closed'), { what: 'the close' });
  expect(Object.keys((await job.inspect()).NetworkSettings.Networks)).toEqual(['bridge']);
  expect(host.callers).toEqual([]);
  await job.remove({ force: true });
  expect(await differenceAtLast(clean)).toBe('');
});

test.each([
  ['', 'relay', 'none'],
  ['--network host', 'nftables', 'container'],
  [allowContainer, 'nftables', 'root'],
])(
  'the smoke check works from within a container as `docker run %s` makes it, by %s',
  async (command, strategy, privilege) => {
    const clean = await takeState();
    const { job, said } = await startJob(['dist/cli.js', 'smoke', '--json'], command, '\n}\n');
    const report = JSON.parse(said) as SmokeReport;
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, strategy, privilege, leftovers: [] });
    await job.remove({ force: true });
    expect(await differenceAtLast(clean)).toBe('');
  },
);

test('in a container on a network of its user’s the default route stays, whether its name is before ours or after it', async () => {
  const clean = await takeState();
  const goesByNames = Number.parseInt((await docker.version()).Version, 10) < 28;
  for (const name of ['a-job', 'queue', 'zzz'].map((word) => `${word}-${process.pid}`)) {
    const network = await docker.createNetwork({ Name: name, CheckDuplicate: true });
    const { job, said } = await startJob(['dist/cli.js', 'smoke', '--json'], `--network ${name}`, '\n}\n');
    const { failure, ...report } = JSON.parse(said) as SmokeReport;
    if (goesByNames && name.startsWith('zzz')) {
      expect(failure?.code).toBe('LHF_ERR_NETWORK');
      expect(said).toMatch(/led the default route .* sorts before zz-lhf-\w{8}; this one was taken off again/s);
    } else {
      expect(failure, name).toBeUndefined();
      expect(report, name).toMatchObject({ ok: true, strategy: 'relay', privilege: 'none', leftovers: [] });
    }
    await job.remove({ force: true });
    await network.remove();
  }
  expect(await differenceAtLast(clean)).toBe('');
});

test('in a container without any network the smoke check says what is missing, for each strategy', async () => {
  const clean = await takeState();
  const { job, said } = await startJob(['dist/cli.js', 'smoke', '--json'], '--network none', '\n}\n');
  const { failure } = JSON.parse(said) as SmokeReport;
  expect(failure).toMatchObject({ code: 'LHF_ERR_NO_STRATEGY' });
  await job.remove({ force: true });
  expect(await differenceAtLast(clean)).toBe('');
});

test('a container with a network of its own that is killed leaves nothing after the next opening', async () => {
  const clean = await takeState();
  const { job } = await startJob(['test/crash/programs/in-own-network.ts'], '', 'open {');
  await job.kill();
  await openAndClose();
  await job.remove({ force: true });
  expect(await differenceAtLast(clean)).toBe('');
});

test('a container without the socket is told how it gets one, and a user of a container who may not open the socket how he may', async () => {
  const clean = await takeState();
  const smoke = async (command: string): Promise<SmokeReport> => {
    const { job, said } = await startJob(['dist/cli.js', 'smoke', '--json'], command, '\n}\n', '1000:1000');
    await job.remove({ force: true });
    return JSON.parse(said) as SmokeReport;
  };
  const without = (await smoke('')).failure?.try ?? '';
  expect(without).toBe('docker run -v /var/run/docker.sock:/var/run/docker.sock …');
  const denied = (await smoke(without)).failure?.try ?? '';
  expect(denied).toMatch(/^docker run --group-add \d+ …$/);
  const { failure, strategy } = await smoke(`${without} ${denied}`);
  expect({ failure, strategy }).toEqual({ failure: undefined, strategy: 'relay' });
  expect(await differenceAtLast(clean)).toBe('');
});
