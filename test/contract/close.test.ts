import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { type LocalhostForward, openLocalhostForward, withLocalhostForward } from '../../src/index.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { brokenConnection, gateDocker } from '../support/gated-docker.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere, snapshotOf } from '../support/leftovers.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';
import { until } from '../support/until.ts';
import { expectNothingLeft, renderLeft, snapshotWithHolder } from './left.ts';
import { opensBridgesItself } from './plain-network.ts';
import { isRootless, optionsOf, strategies } from './strategies.ts';

// In a process of its own, whose holder goes with it: the host is then as it was before any of it began.
const whole = `${projectRoot}test/contract/programs/with-forward.ts`;

/** A docker whose removals of networks fail as long as `broken` says so. */
const failingRemovals = (faults: { broken: boolean }) =>
  gateDocker({
    before: (call) => {
      if (faults.broken && call.startsWith('DELETE /networks/')) throw brokenConnection();
    },
  });

describe.each(strategies)('closing a forward by $name with $privilege', (claims) => {
  const options = optionsOf(claims);

  test('a run and its end leave the host as it was', async () => {
    await using service = await listenTcp();
    const before = await snapshotOf();
    await using script = spawnScript({ file: whole, args: [JSON.stringify(options), String(service.port)] });
    const net = JSON.parse(await script.waitForLine(/^\{/)) as LocalhostForward;
    await using container = await startNode(net);
    const { answer } = await container.get<TcpAnswer>(`http://${net.hostname}:${service.port}`);
    expect(answer?.marker).toBe(service.marker);
    const during = renderDifference(before, await snapshotOf([net]));
    const isOpen = claims.opensBridge || (!isRootless && (await opensBridgesItself()));
    const bridge = `${net.bridgeName} route_localnet=${Number(isOpen)}`;
    for (const part of ['networks:', ...(isRootless ? [] : ['interfaces:', bridge])]) expect(during).toContain(part);
    // Any bridge of the engine's has rules of its own, which say nothing of ours.
    const ours = /^\+ table ip lhf|^\+ -A (LHF|\w+ .*LHF)/m;
    if (claims.opensBridge) expect(during).toMatch(ours);
    else expect(during).not.toMatch(ours);
    expect(during).toContain('processes:');
    await container.remove();
    script.endInput();
    await script.waitForLine('closed');
    const closed = renderLeft(claims, before, await snapshotOf([net]));
    expect(closed).not.toMatch(/^(?!processes).*:$/m);
    expect(await script.exit).toEqual({ code: 0, signal: null });
    await until(async () => renderLeft(claims, before, await snapshotOf([net])) === '', { what: 'the holder to go' });
  });

  test('the body’s value is passed on, and its error too, with nothing left', async () => {
    await using service = await listenTcp();
    expect(await withLocalhostForward(service.port, options, async (net) => net.networkName)).toMatch(/^lhf-/);
    const before = await snapshotHere();
    const mine = new Error('mine');
    await expect(
      withLocalhostForward(service.port, options, async () => {
        throw mine;
      }),
    ).rejects.toBe(mine);
    await expectNothingLeft(claims, before);
  });

  test('a close that fails says what stays, and may be tried again', async () => {
    await using service = await listenTcp();
    const before = await snapshotWithHolder(claims, service.port);
    const faults = { broken: true };
    const net = await openLocalhostForward(service.port, { ...options, docker: failingRemovals(faults) });
    await expect(net.close()).rejects.toMatchObject({
      code: 'LHF_ERR_CLOSE',
      strategy: claims.name,
      message: expect.stringMatching(
        new RegExp(
          `^The forward ${net.networkName} could not be closed whole\n  stays: .*socket hang up.*\nTry: localhost-forward sweep$`,
        ),
      ),
      cause: expect.objectContaining({ code: 'ECONNRESET' }),
    });
    faults.broken = false;
    await net.close();
    await net.close();
    await expectNothingLeft(claims, before);
  });

  test('where body and close both fail the body’s error wins and has the other beside it', async () => {
    await using service = await listenTcp();
    const before = await snapshotWithHolder(claims, service.port);
    const faults = { broken: true };
    const mine = new Error('mine');
    let opened: LocalhostForward | undefined;
    await expect(
      withLocalhostForward(service.port, { ...options, docker: failingRemovals(faults) }, async (net) => {
        opened = net;
        throw mine;
      }),
    ).rejects.toBe(mine);
    expect(mine).toMatchObject({ message: 'mine', suppressed: [expect.objectContaining({ code: 'LHF_ERR_CLOSE' })] });
    faults.broken = false;
    await opened?.close();
    await expectNothingLeft(claims, before);
  });

  test('closing is idempotent, also at once, and ends the use of the forward', async () => {
    await using service = await listenTcp();
    const before = await snapshotWithHolder(claims, service.port);
    let closed: LocalhostForward;
    {
      await using net = await openLocalhostForward(service.port, options);
      closed = net;
      await Promise.all([net.close(), net.close()]);
    }
    await expectNothingLeft(claims, before);
    const uses: Record<string, () => unknown> = {
      forward: () => closed.forward(1),
      unforward: () => closed.unforward(service.port),
      hits: () => closed.hits(),
      verify: () => closed.verify(),
      diagnose: () => closed.diagnose(),
      applyTo: () => closed.applyTo({}),
      composeOverride: () => closed.composeOverride(['web']),
    };
    for (const [name, use] of Object.entries(uses)) {
      const message = expect.stringMatching(
        new RegExp(`^${name}\\(\\) was called on ${closed.networkName} after close\\(\\)\nTry: `),
      );
      await expect((async () => use())(), name).rejects.toMatchObject({ code: 'LHF_ERR_CLOSED', message });
    }
  });

  test('a container that has ended and is still there keeps no network', async () => {
    await using service = await listenTcp();
    const before = await snapshotWithHolder(claims, service.port);
    const net = await openLocalhostForward(service.port, options);
    await using container = await startNode(net);
    const ended = new Docker().getContainer(container.id);
    await ended.kill();
    // Podman takes it off its network after that, and its own rules with it.
    await until(async () => (await ended.inspect()).State.Status === 'exited', { what: 'the container to have ended' });
    await net.close();
    await container.remove();
    await expectNothingLeft(claims, before);
  });

  test('containers that are still attached lose the network and live on', async () => {
    await using service = await listenTcp();
    const before = await snapshotWithHolder(claims, service.port);
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const net = await openLocalhostForward(service.port, options);
    await using container = await startNode(net);
    await net.close();
    expect(await warned).toMatchObject({ name: 'LocalhostForwardWarning', code: 'LHF_WARN_ATTACHED' });
    expect((await container.connect(net.gateway, service.port, 1_000)).error).toBeDefined();
    await container.remove();
    await expectNothingLeft(claims, before);
  });
});
