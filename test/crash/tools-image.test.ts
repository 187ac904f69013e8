import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { beforeAll, expect, test } from 'vitest';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { spawnHere, type Spawn } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { importSshdImage } from '../support/sshd-image.ts';
import { until } from '../support/until.ts';
import { differenceAtLast, takeState } from './trace.ts';

// A machine with neither nft nor iptables: root's rights are of no use there without a program to ask the kernel by.
const docker = new Docker();
const hide = `
set -e
for program in nft iptables iptables-save iptables-restore; do mount --bind /dev/null "/usr/sbin/$program"; done
exec "$@"
`;
const withoutTools: Spawn = (argv, options) =>
  spawnHere(['unshare', '--mount', 'sh', '-c', hide, 'hide', ...argv], options);

let image: string;
beforeAll(async () => {
  const programs = ['nft', 'tee', 'cat', 'grep'].map((name) => [
    name,
    name === 'nft' ? '/usr/sbin/nft' : `/usr/bin/${name}`,
  ]);
  image = await importSshdImage(docker, { repo: 'lhf-test-tools', programs: Object.fromEntries(programs) });
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
    file: `${projectRoot}src/cli/main.ts`,
    args: ['doctor', '--json'],
    spawn: withoutTools,
    env,
  });
  expect(await script.exit).toEqual({ code: 0, signal: null });
  const report = JSON.parse(script.lines.join('\n')) as DoctorReport;
  expect(report).toMatchObject({ strategy: 'relay', privilege: 'none' });
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

test.each([
  ['privilege none', { privilege: 'none' }],
  ['the relay', { strategy: 'relay' }],
])('no container asks the image where nobody is to change the kernel: %s', async (_, wish) => {
  await using service = await listenTcp();
  const created: string[] = [];
  const events = (await docker.getEvents({ filters: { type: ['container'], event: ['create'] } })) as Readable;
  events.setEncoding('utf8').on('data', (text: string) => created.push(text));
  await using script = openWith(image, service.port, wish);
  expect(await openedBy(script)).toMatchObject({ strategy: 'relay', privilege: 'none' });
  script.send('verify');
  await script.waitForLine('verify done');
  await until(() => created.join('').includes('lhf-probe-'), { what: 'the engine to tell of the probe' });
  events.destroy();
  expect(created.join('')).not.toContain('lhf-rights-');
});
