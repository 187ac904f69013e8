import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot, spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { renderDifference, takeSnapshot } from '../support/host-snapshot.ts';
import { type PrivateEngine, startPrivateEngine } from '../support/private-engine.ts';
import { execHere } from '../support/run.ts';
import type { TcpAnswer } from '../support/services.ts';
import { openUfw } from '../support/ufw.ts';
import { until } from '../support/until.ts';

/** All that carries an engine's name on the host: processes, mounts, cgroups, its directory. */
const tracesOf = async (name: string): Promise<string[]> => {
  const look = `grep -laz -- "$1" /proc/[0-9]*/cmdline; grep -- "$1" /proc/mounts; ls -d /sys/fs/cgroup/$1 /sys/fs/cgroup/*/$1`;
  // The look's own command line has the name in brackets, which the expression does not match.
  const { stdout } = await execHere(['sh', '-c', look, 'look', `[l]${name.slice(1)}`]);
  return [...(await readdir(tmpdir())).filter((file) => file === name), ...stdout.split('\n').filter(Boolean)];
};

const nameOf = (engine: PrivateEngine): string => basename(engine.directory);
const dockerOf = (engine: PrivateEngine): Docker => new Docker({ socketPath: engine.socketPath });
const createNetwork = (engine: PrivateEngine): Promise<Docker.Network> =>
  dockerOf(engine).createNetwork({
    Name: 'same',
    Options: { 'com.docker.network.bridge.name': 'lhf-same' },
    IPAM: { Driver: 'default', Config: [{ Subnet: '198.18.0.0/28', Gateway: '198.18.0.1' }] },
  });

describe('two private engines', () => {
  let first: PrivateEngine;
  let second: PrivateEngine;
  beforeAll(async () => {
    [first, second] = await Promise.all([startPrivateEngine(), startPrivateEngine()]);
  });
  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()]);
  });

  test('have networks of one name, bridge and subnet, which a snapshot shows and misses', async () => {
    await Promise.all(
      [first, second].map(async (engine) => {
        const docker = dockerOf(engine);
        const before = await takeSnapshot(engine.exec, { docker });
        const network = await createNetwork(engine);
        const difference = renderDifference(before, await takeSnapshot(engine.exec, { docker }));
        expect(difference).toMatch(
          /^nftables:\n[^]*"lhf-same"[^]*\nnetworks:\n\+ same bridge [^]*\n\+ lhf-same route_localnet=0$/,
        );
        await network.remove();
        expect(renderDifference(before, await takeSnapshot(engine.exec, { docker }))).toBe('');
      }),
    );
  });

  test('let a container reach a service in its own namespaces, past a firewall of their own', async () => {
    const network = await createNetwork(first);
    await using service = spawnScript({
      file: `${projectRoot}test/support/programs/service.ts`,
      args: ['198.18.0.1'],
      spawn: first.spawn,
    });
    const port = Number((await service.waitForLine(/^port /)).slice(5));
    const extraHosts = ['host.docker.internal:198.18.0.1'];
    const container = await startNode({ docker: dockerOf(first), networkName: 'same', extraHosts });
    const url = `http://host.docker.internal:${port}`;
    expect((await container.get<TcpAnswer>(url)).answer?.youAre).toBe(container.address);

    const ufw = await openUfw(first);
    await ufw.enable();
    expect(await container.connect('198.18.0.1', port, 300)).toEqual({ error: 'TIMEOUT' });
    await ufw.run('allow', 'in', 'on', 'lhf-same');
    await ufw.reload();
    expect(await container.connect('198.18.0.1', port)).toEqual({ answer: 'connected' });
    await ufw.disable();
    await container.remove();
    await network.remove();
    const { stdout } = await execHere(['grep', '-r', 'lhf-same', '/etc/ufw']);
    expect(stdout).toBe('');
  });

  test('go away and come back', async () => {
    await second.stopEngine('SIGKILL');
    await expect(dockerOf(second).ping()).rejects.toThrow(/ECONNREFUSED|ENOENT/);
    await second.startEngine();
    expect(String(await dockerOf(second).ping())).toBe('OK');
  });
});

test('a stopped engine leaves nothing on the host, though a container was running', async () => {
  const engine = await startPrivateEngine();
  await startNode({ docker: dockerOf(engine) });
  expect((await tracesOf(nameOf(engine))).length).toBeGreaterThan(3);
  await engine.stop();
  expect(await tracesOf(nameOf(engine))).toEqual([]);
});

test('an engine dies with its owner, even a killed one, and the next start removes the rest', async () => {
  await using owner = spawnScript({ file: `${projectRoot}test/engine/programs/own-engine.ts` });
  const name = basename(await owner.waitForLine(/lhf-engine-/));
  await owner.kill('SIGKILL');
  const processes = async (): Promise<string[]> => (await tracesOf(name)).filter((trace) => trace.startsWith('/proc/'));
  await until(async () => (await processes()).length === 0, { what: `the processes of ${name} to end` });
  const next = await startPrivateEngine({ start: false });
  await next.stop();
  expect(await tracesOf(name)).toEqual([]);
});

test('the runner passes output, exit code and signals on', async () => {
  const file = 'test/support/run-in-private-engine.ts';
  const ask = 'echo "$DOCKER_HOST"; test -S /run/docker.sock; ls /sys/class/net; exit 7';
  const wait = 'trap "echo cleaning; exit 5" TERM; echo up; while :; do sleep 0.05; done';
  await using asking = spawnScript({ file, args: ['--', 'sh', '-c', ask] });
  await using waiting = spawnScript({ file, args: ['--', 'sh', '-c', wait] });
  await waiting.waitForLine('up');
  expect(await waiting.kill('SIGTERM')).toEqual({ code: 5, signal: null });
  expect(waiting.lines).toEqual(['up', 'cleaning']);
  expect(await asking.exit).toEqual({ code: 7, signal: null });
  expect(asking.lines).toEqual([expect.stringMatching(/^unix:\/\/.*\/docker\.sock$/), 'docker0', 'lo']);
});
