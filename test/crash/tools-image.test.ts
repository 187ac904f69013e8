import Docker from 'dockerode';
import { beforeAll, expect, test } from 'vitest';
import type { DoctorReport } from '../../src/doctor/doctor.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { spawnHere, type Spawn } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { importSshdImage } from '../support/sshd-image.ts';
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

const openWith = (env: Readonly<Record<string, string>>, port: number) =>
  spawnScript({
    file: `${projectRoot}test/crash/programs/answering.ts`,
    args: ['auto', String(port)],
    spawn: withoutTools,
    env,
  });

test('a host without nft and iptables forwards by those of an image that is named, and a killed process leaves nothing', async () => {
  const before = await takeState();
  await using service = await listenTcp();
  await using script = openWith({ LOCALHOST_FORWARD_TOOLS_IMAGE: image }, service.port);
  const line = await script.waitForLine(/^\{/);
  const net = JSON.parse(line.split(/(?<=\}) (?=\{"uid)/)[0] ?? '') as {
    hostname: string;
    networkName: string;
    extraHosts: string[];
  };
  expect(net).toMatchObject({ strategy: 'nftables', privilege: 'container' });
  const containers = await docker.listContainers({ filters: { name: ['lhf-rights-'] } });
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
