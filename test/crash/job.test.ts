import { dirname } from 'node:path';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { parseSession } from '../../src/ownership/owner.ts';
import { labels } from '../../src/ownership/names.ts';
import { projectRoot } from '../support/children.ts';
import { ensureTestImage } from '../support/containers.ts';
import { requirePlace } from '../support/place.ts';
import { until } from '../support/until.ts';
import { sweep } from '../../src/index.ts';
import { differenceAtLast, startOpener, takeState, tracesOf } from './trace.ts';

// A job's container as CI makes them: the engine's socket, this host's network, and what it needs to change rules.
const place = requirePlace();
const docker = new Docker();

/** Opens a forward in a job's container, and resolves once it is open. */
const startJob = async (strategy: string) => {
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
  const binds = [...new Set([...system, place.directory])];
  const job = await docker.createContainer({
    Image: await ensureTestImage(docker),
    Cmd: [process.execPath, 'test/crash/programs/opener.ts', strategy, 'live'],
    Env: [`DOCKER_HOST=unix://${place.socketPath}`, 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
    WorkingDir: projectRoot,
    HostConfig: {
      NetworkMode: 'host',
      CapAdd: ['NET_ADMIN'],
      MaskedPaths: [],
      ReadonlyPaths: [],
      // iptables locks a file there.
      Tmpfs: { '/run': '' },
      Binds: binds.map((path) => `${path}:${path}`),
    },
  });
  await job.start();
  const said = async (): Promise<string> => (await job.logs({ stdout: true, stderr: true })).toString();
  await until(async () => (await said()).includes('open lhf-'), { timeoutMs: 40_000, what: 'the job’s forward' }).catch(
    async () => expect(await said()).toBe('open'),
  );
  return job;
};

const openAndClose = async (): Promise<void> => {
  await using opening = startOpener('nftables', 'close');
  expect(await opening.exit, opening.stderr()).toEqual({ code: 0, signal: null });
};

test.each(['nftables', 'iptables', 'relay'])(
  '%s: what a killed job’s container left is gone at the next opening on its engine',
  async (strategy) => {
    const clean = await takeState();
    const job = await startJob(strategy);
    const [network] = await docker.listNetworks({ filters: { label: [labels.session] } });
    const owner = parseSession(network?.Labels?.[labels.session] ?? '');
    expect(owner?.container).toBe(job.id.slice(0, 12));
    const had = (await tracesOf(owner?.pid)).toSorted();
    expect(had.length).toBeGreaterThan(0);

    // While it runs, and for whoever cannot tell, it is alive.
    await openAndClose();
    expect((await sweep()).removed).toEqual([]);
    expect((await tracesOf(owner?.pid)).toSorted()).toEqual(had);

    await job.kill();
    if (strategy === 'nftables') await job.remove();
    await openAndClose();
    await job.remove({ force: true }).catch(() => undefined);
    expect(await differenceAtLast(clean)).toBe('');
  },
);
