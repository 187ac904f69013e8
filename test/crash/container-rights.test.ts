import { readFile } from 'node:fs/promises';
import Docker from 'dockerode';
import { beforeAll, describe, expect, test } from 'vitest';
import { openLocalhostForward, sweep } from '../../src/index.ts';
import { readSysctl } from '../../src/host/kernel.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { asDockerUser } from '../support/docker-user.ts';
import { gateDocker } from '../support/gated-docker.ts';
import { startEngine, stopEngine } from '../support/engine-daemon.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, outputOf, type Spawn } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { until } from '../support/until.ts';
import { differenceAtLast, takeState, tracesAtLast } from './trace.ts';

const docker = new Docker();
let asUser: Spawn;
beforeAll(async () => {
  asUser = await asDockerUser();
});

const openAsUser = async (strategy: string, port = 8088) => {
  const args = [strategy, String(port)];
  const script = spawnScript({ file: `${projectRoot}test/crash/programs/answering.ts`, args, spawn: asUser });
  const line = await script.waitForLine(/^\{/);
  const [net, who] = line.split(/(?<=\}) (?=\{"uid)/).map((text) => JSON.parse(text) as Record<string, unknown>);
  expect(who).toEqual({ uid: 4243 });
  expect(net).toMatchObject({ strategy, privilege: 'container' });
  return {
    script,
    net: net as unknown as { bridgeName: string; networkName: string; hostname: string; extraHosts: string[] },
  };
};

const holders = async (): Promise<Docker.ContainerInfo[]> =>
  (await docker.listContainers({ all: true })).filter(({ Names }) =>
    Names.some((name) => name.startsWith('/lhf-rights-')),
  );

const isOpen = async (bridge: string): Promise<boolean> =>
  (await readSysctl(`net/ipv4/conf/${bridge}/route_localnet`)) === '1';

const rules = async (): Promise<string> =>
  (await outputOf(execHere, ['nft', 'list', 'ruleset'])) + (await outputOf(execHere, ['iptables-save']));

const cases = ['nftables', 'iptables'] as const;

test('a sweep in a process whose forward lives by a container leaves that where it is', async () => {
  await using net = await openLocalhostForward(8088, { strategy: 'nftables', privilege: 'container', verify: false });
  const idsOf = async (): Promise<string[]> => (await holders()).map(({ Id }) => Id);
  const before = await idsOf();
  expect(before).toHaveLength(1);
  expect(await sweep({ privilege: 'container' })).toMatchObject({ failed: [] });
  expect(await idsOf()).toEqual(before);
  await net.close();
  expect(await idsOf()).toEqual([]);
});

describe.each(cases)('rights of a container, %s', (strategy) => {
  test('the container may change the network of its host and nothing else, and goes when the process is killed', async () => {
    const before = await takeState();
    await using service = await listenTcp();
    const { script, net } = await openAsUser(strategy, service.port);
    const [holder, ...others] = await holders();
    expect(others).toEqual([]);
    const { HostConfig, Mounts } = await docker.getContainer(holder?.Id ?? '').inspect();
    expect(HostConfig).toMatchObject({
      Privileged: false,
      NetworkMode: 'host',
      CapDrop: ['ALL'],
      CapAdd: ['NET_ADMIN'],
      ReadonlyRootfs: true,
      AutoRemove: true,
      SecurityOpt: expect.arrayContaining(['no-new-privileges']),
      PidMode: '',
    });
    expect(
      Mounts.filter(({ RW }) => RW)
        .map(({ Source }) => Source)
        .toSorted(),
    ).toEqual(['/proc/sys/net/ipv4/conf', '/proc/sys/net/ipv6/conf']);
    {
      await using container = await startNode(net);
      const { answer } = await container.get<TcpAnswer>(`http://${net.hostname}:${service.port}`);
      expect(answer?.marker).toBe(service.marker);
    }
    expect(await isOpen(net.bridgeName)).toBe(true);
    await script.kill('SIGKILL');
    expect(await differenceAtLast(before)).toBe('');
    await until(async () => (await holders()).length === 0, { what: 'the container to go' });
  });

  test('killed alone, another takes its place, and does its duty when the process dies', async () => {
    const before = await takeState();
    await using service = await listenTcp();
    const { script, net } = await openAsUser(strategy, service.port);
    const [first] = await holders();
    await docker.getContainer(first?.Id ?? '').kill();
    await script.waitForLine(/^warning LHF_WARN_RULES .*its rules are back$/);
    expect((await holders()).map(({ Id }) => Id)).not.toContain(first?.Id);
    expect(await isOpen(net.bridgeName)).toBe(true);
    {
      await using container = await startNode(net);
      const { answer } = await container.get<TcpAnswer>(`http://${net.hostname}:${service.port}`);
      expect(answer?.marker).toBe(service.marker);
    }
    await script.kill('SIGKILL');
    expect(await differenceAtLast(before)).toBe('');
  });

  // Docker 20.10 leaves the shim behind of a container that ends by itself while it is killed.
  test('closed, the container holds on to the process until the engine has removed it', async () => {
    const lines: number[] = [];
    const isHeldOn = async (): Promise<void> => {
      const sockets = (await readFile('/proc/net/unix', 'utf8')).split('\n');
      lines.push(sockets.filter((socket) => / 03 +\d+ @lhf-rights-/.test(socket)).length);
    };
    const before = (call: string): Promise<void> | void =>
      call === 'DELETE /containers/<id>' && lines.length === 0 ? isHeldOn() : undefined;
    const options = { strategy, privilege: 'container', verify: false, docker: gateDocker({ before }) } as const;
    const net = await openLocalhostForward(8088, options);
    await net.close();
    expect(lines).toEqual([1]);
    await isHeldOn();
    expect(lines).toEqual([1, 0]);
  });

  test.each(['asked', 'answered'])(
    'a process killed when the engine was %s leaves none that never ran',
    async (when) => {
      const before = await takeState();
      const args = [strategy, when];
      const script = spawnScript({
        file: `${projectRoot}test/crash/programs/killed-at-create.ts`,
        args,
        spawn: asUser,
      });
      expect(await script.exit, script.stderr()).toEqual({ code: null, signal: 'SIGKILL' });
      expect(await tracesAtLast(script.process.pid)).toEqual([]);
      expect((await holders()).map(({ Names }) => Names)).toEqual([]);
      expect(await differenceAtLast(before)).toBe('');
    },
  );

  test('killed together with its process, a guard stands until the guardian has shut what it guards', async () => {
    const before = await takeState();
    const { script, net } = await openAsUser(strategy);
    const [holder] = await holders();
    const killed = docker.getContainer(holder?.Id ?? '').kill();
    script.process.kill('SIGKILL');
    await killed.catch(() => undefined);
    for (;;) {
      // The parameter first: what guards it may go once it is off.
      const open = await isOpen(net.bridgeName);
      const guarded = (await rules()).includes(`lhf_guard_${net.bridgeName.slice(4, 9)}`);
      if (!open) break;
      expect(guarded || !(await isOpen(net.bridgeName))).toBe(true);
    }
    expect(await differenceAtLast(before)).toBe('');
  });

  test('the engine killed: all is shut, and back with the next verify once the engine is', async () => {
    await using service = await listenTcp();
    const place = requirePlace();
    const { script, net } = await openAsUser(strategy, service.port);
    await stopEngine(place, 'SIGKILL');
    try {
      await script.waitForLine(/^warning LHF_WARN_RULES .*could not be put back/);
      await until(async () => !(await isOpen(net.bridgeName)), { what: 'the bridge to be shut' });
      await until(async () => !/dnat ip to|DNAT --to-destination 127/.test(await rules()), { what: 'the rules to go' });
      expect(await rules()).toContain(`lhf_guard_${net.bridgeName.slice(4, 9)}`);
    } finally {
      await startEngine(place);
    }
    script.send('verify');
    await script.waitForLine('verify done');
    expect(await isOpen(net.bridgeName)).toBe(true);
    script.send('close');
    await script.waitForLine('close done');
    script.endInput();
    expect(await script.exit).toEqual({ code: 0, signal: null });
    // The engine has made its own network anew.
    expect(await tracesAtLast(script.process.pid)).toEqual([]);
  });
});

test('iptables, killed when its own chains were out and the one that all share was not: the guardian takes that', async () => {
  const before = await takeState();
  const { script, net } = await openAsUser('iptables');
  await using victim = script;
  const own = `LHF-${net.bridgeName.slice(4, 9)}`;
  // So that it puts nothing back.
  victim.process.kill('SIGSTOP');
  const [holder] = await holders();
  await docker.getContainer(holder?.Id ?? '').kill();
  const takeOut = `iptables -t nat -S LHF | sed -n 's/^-A \\(.* -j '"$1"'\\)$/-D \\1/p' | xargs iptables -w 5 -t nat
    for chain in "$1" "$2"; do iptables -w 5 -t nat -F "$chain"; done
    for chain in "$1" "$2"; do iptables -w 5 -t nat -X "$chain"; done`;
  await outputOf(execHere, ['sh', '-ec', takeOut, 'take-out', own, `LHF-${net.bridgeName}`]);
  expect(await outputOf(execHere, ['iptables', '-t', 'nat', '-S', 'LHF'])).toBe('-N LHF\n');
  await victim.kill('SIGKILL');
  expect(await differenceAtLast(before)).toBe('');
});
