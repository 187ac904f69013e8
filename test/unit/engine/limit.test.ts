import type Docker from 'dockerode';
import { describe, expect, it } from 'vitest';
import { isLocalhostForwardError } from '../../../src/errors.ts';
import { describeNonsense } from '../../../src/engine/answers.ts';
import { Progress } from '../../../src/host/progress.ts';
import { limitCalls, type Waits, underNoSignal, underSignal } from '../../../src/engine/limit.ts';

type Callback = (error: unknown, answer?: unknown) => void;

/** A client of an engine that answers nothing by itself, with what it was asked. */
const silentEngine = (waits: Waits, timeout?: number) => {
  const asked: { callback: Callback; signal: AbortSignal | undefined }[] = [];
  const dial = ({ abortSignal: signal }: { abortSignal?: AbortSignal }, callback: Callback): void =>
    void asked.push({ callback, signal });
  const docker = limitCalls({ modem: { dial, timeout } } as unknown as Docker, 'unix:///x.sock', waits);
  const ask = (path: string, method = 'GET'): Promise<unknown> =>
    new Promise((resolve, reject) =>
      docker.modem.dial({ path, method }, (error: unknown, answer: unknown) =>
        error === null ? resolve(answer) : reject(error),
      ),
    );
  return { asked, ask };
};

const messageOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (isLocalhostForwardError(error) ? `${error.code} ${error.message}` : String(error)),
  );

describe('a call to an engine', () => {
  it('that is not answered ends, and the request with it', async () => {
    const { asked, ask } = silentEngine({ silentMs: 50 });
    expect(await messageOf(ask('/networks/create?', 'POST'))).toBe(
      'LHF_ERR_DOCKER_UNAVAILABLE No Docker engine answers at unix:///x.sock: no answer to POST /networks/create within 50 ms\nTry: sudo systemctl restart docker',
    );
    expect(asked[0]?.signal?.aborted).toBe(true);
    // What comes late is nobody's.
    asked[0]?.callback(null, { Id: 'x' });
  });

  it('waits its turn while networks of others come and go, and no longer', async () => {
    // When to look again, and at last that it is over: how that is judged, patience.test.ts shows.
    const judgements = [1, 1, 1, 0];
    const asked: number[] = [];
    const progress = Object.assign(new Progress(), {
      nextLook: (ms: number): number => {
        asked.push(ms);
        return judgements.shift() ?? 0;
      },
    });
    const { ask } = silentEngine({ silentMs: 40, progress });
    expect(await messageOf(ask('/networks/x', 'DELETE'))).toContain('no answer to DELETE /networks/x within 40 ms');
    expect(asked).toEqual([40, 40, 40, 40]);
  });

  it('waits for no longer than its client’s own time, and for a registry, whatever comes and goes on the host', async () => {
    let looks = 0;
    const progress = new Progress(() => `br-${(looks += 1)}`);
    const named = silentEngine({ progress }, 40);
    expect(await messageOf(named.ask('/networks/x', 'DELETE'))).toContain('DELETE /networks/x within 40 ms');
    const { ask } = silentEngine({ slowMs: 40, progress });
    expect(await messageOf(ask('/images/create?fromImage=x', 'POST'))).toContain('POST /images/create within 40 ms');
    expect(looks).toBe(0);
  });

  it.each([
    ['GET', '/info', false],
    ['GET', '/version', false],
    ['GET', '/images/x/json', false],
    ['POST', '/exec/x/start', false],
    ['POST', '/networks/create', true],
    ['POST', '/networks/x/connect', true],
    ['POST', '/containers/x/start', true],
    ['DELETE', '/containers/x', true],
  ])(
    '%s %s is given up while networks of others come and go, unless it waits behind them',
    async (method, path, waits) => {
      let looks = 0;
      const progress = new Progress(() => `br-${(looks += 1)}`, 3);
      const { ask } = silentEngine({ silentMs: 40, progress });
      expect(await messageOf(ask(path, method))).toContain(`${method} ${path} within 40 ms`);
      expect(looks > 0).toBe(waits);
    },
  );

  it('ends with its opening’s signal, unless it began after that, or is others’ as well', async () => {
    const { asked, ask } = silentEngine({});
    const abort = new AbortController();
    const [own, shared, undoing] = await underSignal(abort.signal, async () => {
      const ours = messageOf(ask('/own'));
      const theirs = messageOf(underNoSignal(() => ask('/shared')));
      abort.abort();
      return [ours, theirs, messageOf(ask('/undoing'))];
    });
    expect(await own).toContain('no answer to GET /own before its opening was aborted');
    for (const { callback } of asked.slice(1)) callback(null, 'late');
    expect(await Promise.all([shared, undoing])).toEqual(['answered', 'answered']);
  });

  it('keeps the engine’s refusals as they are', async () => {
    const { asked, ask } = silentEngine({});
    const refused = ask('/networks/x');
    const refusal = Object.assign(new Error('no such network'), { statusCode: 404 });
    asked[0]?.callback(refusal);
    await expect(refused).rejects.toBe(refusal);
  });

  it('fails where what comes is no answer', async () => {
    const { asked, ask } = silentEngine({});
    const created = messageOf(ask('/networks/create?', 'POST'));
    asked[0]?.callback(null, Buffer.from('<html>\u001B[2J'));
    expect(await created).toBe(
      'LHF_ERR_DOCKER_UNAVAILABLE What answers at unix:///x.sock is no Docker engine: to POST /networks/create it says <html> [2J\nTry: docker -H unix:///x.sock version',
    );
  });
});

describe('an answer', () => {
  it.each([
    ['GET /info', {}, '{}'],
    ['GET /info', null, 'null'],
    ['GET /info', { ServerVersion: '28' }, undefined],
    ['POST /containers/create', { Id: '' }, '{"Id":""}'],
    ['POST /containers/create', { Id: 'x' }, undefined],
    ['GET /networks', { Id: 'x' }, '{"Id":"x"}'],
    ['GET /networks', [{ Id: 'x' }, 1], '[{"Id":"x"},1]'],
    ['GET /networks', [], undefined],
    ['GET /containers/json', [{ Id: 'x' }], '[{"Id":"x"}]'],
    ['GET /containers/x/json', { Id: 'x' }, '{"Id":"x"}'],
    ['GET /networks/x', undefined, 'nothing'],
    ['DELETE /networks/x', '', undefined],
    ['GET /images/a/b:c/json', { Id: 1 }, '{"Id":1}'],
  ])('to %s: %j', (call, answer, words) => {
    expect(describeNonsense(call, answer)).toBe(words);
  });
});
