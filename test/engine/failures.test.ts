import { describe, expect, test } from 'vitest';
import { isLocalhostForwardError, openLocalhostForward } from '../../src/index.ts';
import { brokenConnection, type EngineCall, type Gate, gateDocker } from '../support/gated-docker.ts';
import { renderDifference, type Snapshot, takeSnapshot } from '../support/host-snapshot.ts';
import { listenTcp } from '../support/services.ts';

/** Opens and closes; resolves to what the opening threw. A close that fails is tried once more. */
const openAndClose = async (port: number, options: Parameters<typeof openLocalhostForward>[1]): Promise<unknown> => {
  try {
    const net = await openLocalhostForward(port, { verify: false, ...options });
    await net.close().catch(async (error: unknown) => {
      expect(error).toMatchObject({ code: 'LHF_ERR_CLOSE' });
      await net.close();
    });
    return undefined;
  } catch (error) {
    return error;
  }
};

describe.each(['nftables', 'iptables'] as const)('with %s, whatever happens while it opens and closes', (strategy) => {
  /** The calls that an undisturbed run makes, and the host with this process's holder and without a forward. */
  const rehearse = async (port: number): Promise<{ calls: EngineCall[]; before: Snapshot }> => {
    const calls: EngineCall[] = [];
    expect(await openAndClose(port, { strategy, docker: gateDocker({ before: (call) => void calls.push(call) }) })).toBeUndefined();
    expect(calls.length).toBeGreaterThanOrEqual(3);
    return { calls, before: await takeSnapshot() };
  };

  test('nothing is left when the signal aborts at any step', async () => {
    await using service = await listenTcp();
    const { calls, before } = await rehearse(service.port);
    expect(await openAndClose(service.port, { strategy, signal: AbortSignal.abort(new Error('enough')) })).toMatchObject({
      code: 'LHF_ERR_ABORTED',
      cause: new Error('enough'),
    });
    const opening = calls.filter(({ what }) => !what.startsWith('DELETE'));
    for (const { nth, what } of opening) {
      for (const when of ['before', 'after'] as const) {
        const abort = new AbortController();
        const docker = gateDocker({ [when]: (call: EngineCall) => void (call.nth === nth && abort.abort()) });
        const error = await openAndClose(service.port, { strategy, docker, signal: abort.signal });
        expect(error, `${when} ${what}`).toMatchObject({ code: 'LHF_ERR_ABORTED' });
        expect(renderDifference(before, await takeSnapshot()), `${when} ${what}`).toBe('');
      }
    }
  });

  test.each([
    ['does not reach the engine', (gate): Gate => ({ before: gate })],
    ['is answered into a broken connection', (gate): Gate => ({ after: gate })],
  ] as [string, (gate: (call: EngineCall) => void) => Gate][])('nothing is left when any one call %s', async (_what, gateFor) => {
    await using service = await listenTcp();
    const { calls, before } = await rehearse(service.port);
    for (const { nth, what } of calls) {
      const breakOnce = (call: EngineCall): void => {
        if (call.nth === nth) throw brokenConnection();
      };
      const error = await openAndClose(service.port, { strategy, docker: gateDocker(gateFor(breakOnce)) });
      if (/create|info/.test(what)) expect(error, what).toMatchObject({ code: 'LHF_ERR_DOCKER_UNAVAILABLE' });
      else expect(error === undefined || isLocalhostForwardError(error), what).toBe(true);
      expect(renderDifference(before, await takeSnapshot()), what).toBe('');
    }
  });
});
