import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf, spawnHere, type Spawn } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { importSshdImage } from '../support/sshd-image.ts';
import { until } from '../support/until.ts';
import type { SweepReport } from '../../src/leftovers/sweep.ts';
import { differenceAtLast, takeState } from './trace.ts';

// A machine with neither nft nor iptables: root's rights are of no use there without a program to ask the kernel by.
const docker = new Docker();
const hide = `
set -e
for program in $0; do mount --bind /dev/null "/usr/sbin/$program"; done
exec "$@"
`;
const without =
  (...programs: readonly string[]): Spawn =>
  (argv, options) =>
    spawnHere(['unshare', '--mount', 'sh', '-c', hide, programs.join(' '), ...argv], options);
const withoutNft = without('nft');
const withoutTools = without('nft', 'iptables', 'iptables-save', 'iptables-restore');

const imagePrograms = {
  nft: '/usr/sbin/nft',
  ...Object.fromEntries(['tee', 'cat', 'grep'].map((name) => [name, `/usr/bin/${name}`])),
};

let image: string;
beforeAll(async () => {
  image = await importSshdImage(docker, { repo: 'lhf-test-tools', programs: imagePrograms });
});

const openWith = (tools: string, port: number, { strategy = 'auto', privilege = 'auto', spawn = withoutTools } = {}) =>
  spawnScript({
    file: `${projectRoot}test/crash/programs/answering.ts`,
    args: [strategy, String(port), privilege],
    spawn,
    env: { LOCALHOST_FORWARD_TOOLS_IMAGE: tools },
  });

/** What it has opened. */
const openedBy = async (script: Script) => {
  const line = await script.waitForLine(/^\{/);
  return JSON.parse(line.split(/(?<=\}) (?=\{"uid)/)[0] ?? '') as {
    strategy: string;
    privilege: string;
    hostname: string;
    networkName: string;
    extraHosts: string[];
  };
};

/** The names of all containers that the engine was asked for meanwhile. */
const createdDuring = async (work: () => Promise<void>): Promise<string[]> => {
  const names: string[] = [];
  const events = (await docker.getEvents({ filters: { type: ['container'], event: ['create'] } })) as Readable;
  createInterface({ input: events }).on('line', (line) => {
    names.push((JSON.parse(line) as { Actor: { Attributes: { name: string } } }).Actor.Attributes.name);
  });
  try {
    await work();
    // What comes before it has been told by then.
    await (await docker.createContainer({ name: 'counted', Image: image, Cmd: ['sh'] })).remove();
    await until(() => names.includes('counted'), { what: 'the engine to tell of the last container' });
    return names.slice(0, names.indexOf('counted'));
  } finally {
    events.destroy();
  }
};

const rights = () => docker.listContainers({ all: true, filters: { name: ['lhf-rights-'] } });

test('a host without nft and iptables forwards by those of an image that is named, and a killed process leaves nothing', async () => {
  const before = await takeState();
  await using service = await listenTcp();
  await using script = openWith(image, service.port);
  const net = await openedBy(script);
  expect(net).toMatchObject({ strategy: 'nftables', privilege: 'container' });
  const containers = await rights();
  expect(containers.map(({ Image }) => Image)).toEqual([image]);
  // Nothing of this host's is in it but the parameters that it writes.
  expect(containers.flatMap(({ Mounts }) => Mounts.map(({ Source }) => Source)).toSorted()).toEqual([
    '/proc/sys/net/ipv4/conf',
    '/proc/sys/net/ipv6/conf',
  ]);
  {
    await using container = await startNode(net);
    const { answer } = await container.get<TcpAnswer>(`http://${net.hostname}:${service.port}`);
    expect(answer).toMatchObject({ marker: service.marker });
  }
  script.send('verify');
  await script.waitForLine('verify done');
  await script.kill('SIGKILL');
  expect(await differenceAtLast(before)).toBe('');
});

test('an image that is not there is told with the reason, and what needs no tools is taken', async () => {
  const env = { LOCALHOST_FORWARD_TOOLS_IMAGE: 'lhf-test-no-such-image:none' };
  await using script = spawnScript({
    file: `${projectRoot}dist/cli.js`,
    args: ['doctor', '--json'],
    spawn: withoutTools,
    env,
  });
  expect(await script.exit).toEqual({ code: 0, signal: null });
  const report = JSON.parse(script.lines.join('\n')) as DoctorReport;
  expect(report).toMatchObject({ strategy: 'relay', privilege: 'none' });
  expect(report.ladder).toEqual([
    { privilege: 'root', works: false, reason: "this host's own nft and iptables are missing" },
    { privilege: 'sudo', works: false, reason: "this host's own nft and iptables are missing" },
    { privilege: 'container', works: false, reason: expect.stringMatching(/^no tools in the image .*No such image/) },
  ]);
  const [nftables, iptables] = report.reasons.map(({ reason }) => reason);
  const why = /nor in the image lhf-test-no-such-image:none: .*No such image/;
  expect(nftables).toMatch(new RegExp(`^no nft with an interactive mode on this host, ${why.source}`));
  expect(iptables).toMatch(new RegExp(`^no iptables on this host, ${why.source}`));
});

test('a host with programs of its own is asked by those, whatever image is named', async () => {
  const before = await takeState();
  await using service = await listenTcp();
  await using script = openWith(image, service.port, { privilege: 'container', spawn: spawnHere });
  expect((await openedBy(script)).privilege).toBe('container');
  const [container] = await rights();
  expect(container?.Image).not.toBe(image);
  expect(container?.Mounts.map(({ Source }) => Source)).toContain('/usr');
  await script.kill('SIGKILL');
  expect(await differenceAtLast(before)).toBe('');
});

test('a host with iptables alone has its rules made by that, and no container asks an image that has nft', async () => {
  const before = await takeState();
  await using service = await listenTcp();
  const created = await createdDuring(async () => {
    await using script = openWith(image, service.port, { spawn: withoutNft });
    expect(await openedBy(script)).toMatchObject({ strategy: 'iptables', privilege: 'root' });
    await script.kill('SIGKILL');
  });
  expect(created).toEqual([]);
  expect(await differenceAtLast(before)).toBe('');
});

test.each([
  ['privilege none', { privilege: 'none' }],
  ['the relay', { strategy: 'relay' }],
])('no container asks the image where nobody is to change the kernel: %s', async (_, wish) => {
  await using service = await listenTcp();
  const created = await createdDuring(async () => {
    await using script = openWith(image, service.port, wish);
    expect(await openedBy(script)).toMatchObject({ strategy: 'relay', privilege: 'none' });
    script.send('verify');
    await script.waitForLine('verify done');
  });
  expect(created).toEqual([expect.stringMatching(/^lhf-probe-/)]);
});

test('nor where a container could not change the kernel that this process has its network of', async () => {
  await using service = await listenTcp();
  const elsewhere: Spawn = (argv, options) => withoutTools(['unshare', '--net', ...argv], options);
  const created = await createdDuring(async () => {
    await using script = openWith(image, service.port, { spawn: elsewhere });
    expect(await openedBy(script)).toMatchObject({ strategy: 'sidecar', privilege: 'none' });
  });
  expect(created.filter((name) => name.startsWith('lhf-rights-'))).toEqual([]);
});

const sweepBy = async (privilege: string, { tools = '', spawn }: { tools?: string; spawn: Spawn }) => {
  await using script = spawnScript({
    file: `${projectRoot}test/crash/programs/sweeper.ts`,
    args: [privilege],
    spawn,
    env: { LOCALHOST_FORWARD_TOOLS_IMAGE: tools },
  });
  await script.exit;
  return JSON.parse(script.lines.at(-1) ?? script.stderr()) as SweepReport;
};

test('a sweep by rights that are named asks no image', async () => {
  const created = await createdDuring(async () => {
    expect((await sweepBy('root', { tools: image, spawn: withoutTools })).failed).toEqual([]);
  });
  expect(created).toEqual([]);
});

describe('a sweep by a container', () => {
  test('what could not be looked through by an image that is not there is told', async () => {
    const { failed } = await sweepBy('auto', { tools: 'lhf-test-no-such-image:none', spawn: withoutTools });
    expect(failed.map(({ name }) => name)).toContain('nftables: guards');
    expect(failed.map(({ reason }) => reason).join()).toContain('No such image: lhf-test-no-such-image:none');
  });

  test('what the image does not have, or may not run, can have left nothing', async () => {
    expect((await sweepBy('auto', { tools: image, spawn: withoutTools })).failed).toEqual([]);
    const files = { 'bin/iptables': '', 'bin/iptables-save': '' };
    const tools = await importSshdImage(docker, { repo: 'lhf-test-unfit', programs: imagePrograms, files });
    expect((await sweepBy('auto', { tools, spawn: withoutTools })).failed).toEqual([]);
  });

  test('a program that this host has and its container does not see may have left something, and that is told', async () => {
    // In mounts of the engine's alone, and not in those of the process.
    const { directory } = requirePlace();
    const folder = `${directory}/private/hidden`;
    const hidden = `mkdir -p "$0/real" "$0/bin" && mknod "$0/bin/nft" c 0 0 && mount --bind /usr/sbin "$0/real" &&
      mount -t overlay -o "lowerdir=$0/bin:$0/real" overlay /usr/sbin`;
    const withTools: Spawn = (argv, options) =>
      spawnHere(['unshare', '--mount', 'sh', '-c', 'umount /usr/sbin && exec "$@"', 'seen', ...argv], options);
    await outputOf(execHere, ['sh', '-c', hidden, folder]);
    try {
      const { failed } = await sweepBy('container', { spawn: withTools });
      expect(failed.map(({ name }) => name)).toContain('nftables: guards');
      expect(failed.map(({ reason }) => reason).join()).toMatch(
        /could not be looked through: nft .*: spawn \S*nft ENOENT/,
      );
    } finally {
      await outputOf(execHere, ['sh', '-c', 'umount /usr/sbin && umount "$0/real"', folder]);
    }
  });
});
