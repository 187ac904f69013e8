import { describe, expect, test } from 'vitest';
import { type ErrorCode, isLocalhostForwardError, openLocalhostForward } from '../../src/index.ts';
import { brokenConnection, type Gate, gateDocker } from '../support/gated-docker.ts';
import type { Snapshot } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { listenTcp } from '../support/services.ts';
import { isWhole } from '../support/whole.ts';
import { expectNothingLeft } from './left.ts';
import { optionsOf, strategies } from './strategies.ts';

/** Opens and closes; resolves to what the opening threw. A close that fails is tried once more. */
const openAndClose = async (port: number, options: Parameters<typeof openLocalhostForward>[1]): Promise<unknown> => {
  try {
    const net = await openLocalhostForward(port, options);
    await net.close().catch(async (error: unknown) => {
      expect(error).toMatchObject({ code: 'LHF_ERR_CLOSE' });
      await net.close();
    });
    return undefined;
  } catch (error) {
    return error;
  }
};

/** Acts on the first call of that name. */
const once = (name: string, act: () => void): ((call: string) => void) => {
  let done = false;
  return (call) => {
    if (done || call !== name) return;
    done = true;
    act();
  };
};

// What comes beside the opening, or after it, may come too late to fail it.
const codesOf = (call: string, code: ErrorCode): (ErrorCode | undefined)[] =>
  call === 'GET /info' || call === 'POST /networks/create' ? [code] : [code, undefined];

const codeOf = (error: unknown): unknown =>
  isLocalhostForwardError(error) || error === undefined ? error?.code : error;

// By sudo the same calls of the engine fail, with the same rules between them; a container is one more to fail at, and iptables' rules are
// taken in the same places.
const shown = strategies.filter(
  ({ name, privilege }) =>
    process.env['LHF_TEST_ALL'] === '1' ||
    (privilege !== 'sudo' && (isWhole || (privilege !== 'container' && name !== 'iptables'))),
);

describe.each(shown)('with $name and $privilege, whatever happens while it opens and closes', (claims) => {
  const options = optionsOf(claims);

  /** The calls that an undisturbed run makes, and the host with this process's holder and without a forward. */
  const rehearse = async (port: number): Promise<{ calls: Set<string>; before: Snapshot }> => {
    const calls = new Set<string>();
    const docker = gateDocker({ before: (call) => void calls.add(call) });
    expect(await openAndClose(port, { ...options, docker })).toBeUndefined();
    expect([...calls]).toEqual(expect.arrayContaining(['GET /info', 'POST /networks/create', 'DELETE /networks/<id>']));
    return { calls, before: await snapshotHere() };
  };

  test('nothing is left when the signal aborts at any step', async () => {
    await using service = await listenTcp();
    const { calls, before } = await rehearse(service.port);
    const cause = new Error('enough');
    const early = await openAndClose(service.port, { ...options, signal: AbortSignal.abort(cause) });
    expect(early).toMatchObject({ code: 'LHF_ERR_ABORTED', cause });
    for (const call of calls) {
      for (const when of ['before', 'after'] as const) {
        const abort = new AbortController();
        const docker = gateDocker({ [when]: once(call, () => abort.abort()) });
        const error = await openAndClose(service.port, { ...options, docker, signal: abort.signal });
        expect(codesOf(call, 'LHF_ERR_ABORTED'), `${when} ${call}`).toContain(codeOf(error));
        await expectNothingLeft(claims, before, `${when} ${call}`);
      }
    }
  });

  test.each(['before', 'after'] as const)(
    'nothing is left when the connection breaks %s any one call',
    async (when) => {
      await using service = await listenTcp();
      const { calls, before } = await rehearse(service.port);
      for (const call of calls) {
        const broken = once(call, () => {
          throw brokenConnection();
        });
        const gate: Gate = { [when]: broken };
        const error = await openAndClose(service.port, { ...options, docker: gateDocker(gate) });
        expect(codesOf(call, 'LHF_ERR_DOCKER_UNAVAILABLE'), call).toContain(codeOf(error));
        await expectNothingLeft(claims, before, call);
      }
    },
  );
});
