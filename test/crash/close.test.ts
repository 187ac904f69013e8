import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { isLocalhostForwardError, openLocalhostForward, sweep } from '../../src/index.ts';
import { startUserContainer } from './container.ts';
import { gateDocker } from '../support/gated-docker.ts';
import { startEngine, stopEngine } from '../support/engine-daemon.ts';
import { currentPlace } from '../support/place.ts';
import { execHere, outputOf } from '../support/run.ts';
import { until } from '../support/until.ts';
import { killIfThere, startOpener, readHolders, takeState, tracesOf, differenceAtLast } from './trace.ts';

const place = currentPlace();

describe.each(['nftables', 'iptables'] as const)('%s', (strategy) => {
  const open = () => openLocalhostForward(8088, { strategy, verify: false });

  test.each([
    ['the network', (bridge: string) => ['docker', 'network', 'rm', bridge]],
    ['the bridge', (bridge: string) => ['ip', 'link', 'delete', bridge]],
  ])('%s removed by somebody else: closing succeeds', async (_what, command) => {
    const before = await takeState();
    const net = await open();
    await outputOf(execHere, command(net.bridgeName));
    await net.close();
    expect(await differenceAtLast(before)).toBe('');
  });

  test('two closed at once, one of them twice, one while it adds a port', async () => {
    const before = await takeState();
    const [one, two] = await Promise.all([open(), open()]);
    const adding = two.forward(8089).catch((error: unknown) => error);
    await Promise.all([one.close(), one.close(), two.close()]);
    // Begun, it is finished first; not begun, it is refused. Either way it is over when the forward is closed.
    const added = await adding;
    const outcome = isLocalhostForwardError(added) ? added.code : added;
    expect(['LHF_ERR_CLOSED', expect.objectContaining({ containerPort: 8089 })]).toContainEqual(outcome);
    await expect(one.forward(1234)).rejects.toMatchObject({ code: 'LHF_ERR_CLOSED' });
    expect(await differenceAtLast(before)).toBe('');
  });

  test('an engine that is gone: the error lists what stays, the rest is gone, and a sweep takes it when the engine is back', async (context) => {
    if (place === undefined) {
      context.skip('needs an engine of its own');
      return;
    }
    await using script = startOpener(strategy, 'obey');
    const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
    await stopEngine(place, 'SIGKILL');
    script.send('close');
    const said = JSON.parse(
      (await script.waitForLine(/^said /, { timeoutMs: 40_000 })).slice('said '.length),
    ) as Record<string, string>;
    // What its death would take anyway is seen before that.
    const rules = `${await outputOf(execHere, ['nft', 'list', 'ruleset'])}${await outputOf(execHere, ['iptables-save'])}`;
    // Nobody of its own may do it before the sweep.
    for (const pid of await readHolders(script.process.pid)) killIfThere(pid);
    await script.kill('SIGKILL');
    await startEngine(place);
    expect(said).toMatchObject({
      code: 'LHF_ERR_CLOSE',
      message: expect.stringContaining(`stays: network and rules of ${bridge}`) as string,
    });
    expect(said['message']).toContain('Try: localhost-forward sweep');
    // Docker's own rules of the bridge are still there.
    const nonce = bridge.slice('lhf-'.length, 'lhf-'.length + 5);
    expect(rules).not.toMatch(new RegExp(`lhf_(guard_)?${nonce}|LHF-(lhf-)?${nonce}|lhf:(lhf-)?${nonce}`));
    const report = await sweep();
    expect(report.removed).toContainEqual(expect.objectContaining({ kind: 'network', bridge }));
    expect(report.failed).toEqual([]);
    expect(await tracesOf(script.process.pid)).toEqual([]);
  });
});

test('a network that the engine would not remove goes with the next opening of its process', async () => {
  const before = await takeState();
  let isBusy = true;
  const docker = gateDocker({
    before: (call) => {
      if (isBusy && call === 'DELETE /networks/<id>') throw new Error('busy');
    },
  });
  const net = await openLocalhostForward(8088, { strategy: 'nftables', verify: false, docker });
  await expect(net.close()).rejects.toMatchObject({ code: 'LHF_ERR_CLOSE' });
  isBusy = false;
  await (await openLocalhostForward(8088, { strategy: 'nftables', verify: false, docker })).close();
  await expect(docker.getNetwork(net.networkName).inspect()).rejects.toMatchObject({ statusCode: 404 });
  // What else it had is gone already, and it is told so.
  await net.close();
  expect(await differenceAtLast(before)).toBe('');
});

test('a container that is still attached when its forward’s owner dies is disconnected, named and kept', async () => {
  const docker = new Docker();
  const before = await takeState();
  await using script = startOpener('nftables', 'obey');
  const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
  const container = await startUserContainer(docker, { network: bridge, name: `user-of-${bridge}` });
  script.send('exit');
  await script.exit;
  await until(async () => (await docker.listNetworks()).every(({ Name }) => Name !== bridge), {
    timeoutMs: 40_000,
    what: 'the network to go',
  });
  expect((await container.inspect()).State.Running).toBe(true);
  await container.remove({ force: true });
  expect(await differenceAtLast(before)).toBe('');
});

test('a forward in the hands of a process that is about to exit closes in order', async () => {
  const before = await takeState();
  await using script = startOpener('nftables', 'endWhileClosing');
  expect(await script.exit).toEqual({ code: 9, signal: null });
  expect(await differenceAtLast(before)).toBe('');
});
