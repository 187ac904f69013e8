import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { openLocalhostForward, sweep } from '../../src/index.ts';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { gateDocker } from '../support/gated-docker.ts';
import { execHere } from '../support/run.ts';
import { listenTcp } from '../support/services.ts';
import { until } from '../support/until.ts';
import { listProbes, patient, startWorker } from './probes.ts';

const countProbes = async (): Promise<number> => (await listProbes()).length;

/** An engine's client that counts the containers which are started by it. */
const countStarts = () => {
  let starts = 0;
  const docker = gateDocker({ before: (call) => void (call === 'POST /containers/<id>/start' && (starts += 1)) });
  return { docker, starts: () => starts };
};

/** A process that opens and proves a forward, tells it as a line of JSON, and ends, or lives until its input ends. */
const startProven = (port: number, strategy: string, act: 'end' | 'live'): Script =>
  spawnScript({ file: `${projectRoot}test/engine/programs/proven.ts`, args: [String(port), strategy, act] });

describe('the probe stays', () => {
  test('one container proves all forwards of a session, and goes with the last', async () => {
    await using service = await listenTcp();
    const { docker, starts } = countStarts();
    await using first = await openLocalhostForward(service.port, { verify: patient, docker });
    const probes = await listProbes(first);
    await using second = await openLocalhostForward(service.port, { verify: patient, docker });
    await using third = await openLocalhostForward(0, { verify: patient, listener: true, docker });
    expect(await third.verify(patient)).toMatchObject({ ports: [{ proof: 'nonce' }] });
    await first.close();
    // It has left the network that it was born on, which is gone, and still goes to others.
    expect(await second.verify(patient)).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
    expect(await second.diagnose(patient)).toMatchObject({ reachable: true });
    expect(await listProbes(first)).toEqual(probes);
    expect([probes.length, starts()]).toEqual([1, 1]);
    await Promise.all([second.close(), third.close()]);
    expect(await listProbes(first)).toEqual([]);
  });

  test('however many are opened at once', async () => {
    await using service = await listenTcp();
    const { docker, starts } = countStarts();
    const options = { verify: { timeoutMs: 60_000 }, docker };
    const nets = await Promise.all(Array.from({ length: 20 }, () => openLocalhostForward(service.port, options)));
    expect([(await listProbes(nets[0])).length, starts()]).toEqual([1, 1]);
    await Promise.all(nets.map((one) => one.close()));
    expect(await listProbes(nets[0])).toEqual([]);
  });

  test('a forward that is not proven keeps it for those that are', async () => {
    await using service = await listenTcp();
    const { docker, starts } = countStarts();
    await using unproven = await openLocalhostForward(service.port, { verify: false, docker });
    for (let n = 0; n < 2; n += 1)
      await (await openLocalhostForward(service.port, { verify: patient, docker })).close();
    expect([(await listProbes(unproven)).length, starts()]).toEqual([1, 1]);
    await unproven.close();
    expect(await listProbes(unproven)).toEqual([]);
  });

  test('it leaves a network when the engine has made that of the next opening', async () => {
    await using service = await listenTcp();
    const calls: string[] = [];
    const [create, leave] = ['POST /networks/create', 'POST /networks/<id>/disconnect'];
    const docker = gateDocker({ before: (call) => void ([create, leave].includes(call) && calls.push(call)) });
    const first = await openLocalhostForward(service.port, { verify: patient, docker });
    const second = await openLocalhostForward(service.port, { verify: patient, docker });
    await Promise.all([first.close(), second.close()]);
    expect(calls).toEqual([create, create, leave, leave]);
  });

  test('somebody removes it, and the next proof starts another', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: patient });
    const [probe = ''] = await listProbes(net);
    await new Docker().getContainer(probe).remove({ force: true });
    expect(await net.verify(patient)).toMatchObject({ ports: [{ proof: 'connection-at-service' }] });
    expect(await listProbes(net)).not.toContain(probe);
  });

  test('it carries nothing from one network to another', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: patient });
    const [probe = ''] = await listProbes(net);
    const { State } = await new Docker().getContainer(probe).inspect();
    const forwarding = 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/default/forwarding';
    const { stdout } = await execHere(['nsenter', '--target', String(State.Pid), '--net', 'sh', '-c', forwarding]);
    expect(stdout).toBe('0\n0\n');
  });

  test('it goes with its process, whatever ends that', async () => {
    await using service = await listenTcp();
    // By relay, which has no guardian that would remove it.
    await using script = startProven(service.port, 'relay', 'live');
    const net = JSON.parse(await script.waitForLine(/^\{/)) as { id: string };
    expect(await listProbes(net)).toHaveLength(1);
    await script.kill('SIGKILL');
    await until(async () => (await listProbes(net)).length === 0, { what: 'the end of its probe' });
    await sweep();
  });

  test('it does not keep its process alive', async () => {
    await using service = await listenTcp();
    await using script = startProven(service.port, 'auto', 'end');
    const net = JSON.parse(await script.waitForLine(/^\{/)) as { id: string };
    expect(await script.exit).toEqual({ code: 0, signal: null });
    expect(await listProbes(net)).toEqual([]);
  });

  test('of a worker goes when its view is closed', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(service.port, { verify: false });
    await using worker = startWorker(net);
    await worker.ask('prove');
    expect(await countProbes()).toBe(1);
    await worker.ask('close');
    expect(await countProbes()).toBe(0);
  });
});
