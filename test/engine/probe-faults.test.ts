import { describe, expect, test } from 'vitest';
import {
  isLocalhostForwardError,
  type LocalhostForward,
  type LocalhostForwardError,
  openLocalhostForward,
} from '../../src/index.ts';
import { brokenConnection, gateDocker } from '../support/gated-docker.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { listenTcp } from '../support/services.ts';
import { patient } from './probes.ts';

const codeOf = (error: unknown): unknown => (isLocalhostForwardError(error) ? error.code : error);

describe('whatever happens while a forward is proven', () => {
  const open = async (port: number, options: Parameters<typeof openLocalhostForward>[1]): Promise<unknown> => {
    let net: LocalhostForward;
    try {
      net = await openLocalhostForward(port, { verify: patient, ...options });
    } catch (error) {
      return error;
    }
    const failure = await net.verify(patient).then(
      () => undefined,
      (error: unknown) => error,
    );
    await net.close();
    return failure;
  };

  /** Calls that a proof makes, each of which an undisturbed run does make. */
  const calls = [
    'POST /containers/create',
    'POST /containers/<id>/attach',
    'POST /containers/<id>/start',
    'POST /networks/<id>/disconnect',
    'POST /networks/<id>/connect',
    'DELETE /containers/<id>',
  ];
  /** What nobody waits for before the forward is handed over, or what can be done in another way. */
  const isLater = (call: string): boolean => !call.startsWith('POST /containers');
  const rehearse = async (port: number): Promise<void> => {
    const made: string[] = [];
    expect(await open(port, { docker: gateDocker({ before: (call) => void made.push(call) }) })).toBeUndefined();
    expect(made).toEqual(expect.arrayContaining(calls));
  };

  const onFirst = (name: string, act: () => void) => {
    let done = false;
    return (call: string): void => {
      if (done || call !== name) return;
      done = true;
      act();
    };
  };

  test('nothing is left when the signal aborts at any step', async () => {
    await using service = await listenTcp();
    await rehearse(service.port);
    const before = await snapshotHere();
    for (const call of calls) {
      for (const when of ['before', 'after'] as const) {
        const abort = new AbortController();
        const docker = gateDocker({ [when]: onFirst(call, () => abort.abort()) });
        const error = await open(service.port, { docker, signal: abort.signal });
        const codes = isLater(call) ? ['LHF_ERR_ABORTED', undefined] : ['LHF_ERR_ABORTED'];
        expect(codes, `${when} ${call}`).toContain(error === undefined ? undefined : codeOf(error));
        expect(renderDifference(before, await snapshotHere()), `${when} ${call}`).toBe('');
      }
    }
  });

  test('nothing is left when the connection breaks at any one call', async () => {
    await using service = await listenTcp();
    await rehearse(service.port);
    const before = await snapshotHere();
    for (const call of calls) {
      for (const when of ['before', 'after'] as const) {
        const docker = gateDocker({
          [when]: onFirst(call, () => {
            throw brokenConnection();
          }),
        });
        const error = await open(service.port, { docker });
        const { code, diagnosis } = (error ?? {}) as Partial<LocalhostForwardError>;
        // What cannot leave a network goes as a whole, and a removal is tried again.
        const isMended = call.startsWith('DELETE') || call.endsWith('disconnect');
        const expected = isMended ? [undefined, undefined] : ['LHF_ERR_UNREACHABLE', 'probe-failed'];
        expect([code, diagnosis?.finding], `${when} ${call}: ${String(error)}`).toEqual(expected);
        expect(renderDifference(before, await snapshotHere()), `${when} ${call}`).toBe('');
      }
    }
  });
});
