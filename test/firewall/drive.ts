import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Diagnosis, ForwardHandover, Verification } from '../../src/index.ts';
import { spawnScript } from '../support/children.ts';
import { nobody, renderDifference, takeSnapshot, type Snapshot } from '../support/host-snapshot.ts';
import type { PrivateEngine } from '../support/private-engine.ts';
import Docker from 'dockerode';

export interface Answer<T> {
  readonly ok?: T;
  readonly code?: string;
  readonly message?: string;
  readonly diagnosis?: Diagnosis;
}

/** A forward in a private engine, driven line by line. */
export interface Driven extends AsyncDisposable {
  open(): Promise<Answer<ForwardHandover>>;
  verify(): Promise<Answer<Verification>>;
  diagnose(): Promise<Diagnosis>;
  close(): Promise<void>;
  kill(): Promise<unknown>;
  /** Halts the process: its timers and watches see nothing until it goes on. */
  halt(): void;
  goOn(): void;
}

const program = fileURLToPath(new URL('driven-forward.ts', import.meta.url));

export const drive = (engine: PrivateEngine, orders: object, env: Record<string, string> = {}): Driven => {
  const script = spawnScript({ file: program, args: [JSON.stringify(orders)], spawn: engine.spawn, env });
  const ask = async <T>(order: string): Promise<Answer<T>> => {
    const heard = script.lines.length;
    script.send(order);
    let seen = 0;
    const line = await script.waitForLine(() => (seen += 1) > heard, { timeoutMs: 120_000 });
    return JSON.parse(line) as Answer<T>;
  };
  return {
    open: () => ask('open'),
    verify: () => ask('verify'),
    diagnose: async () => {
      const { ok, message } = await ask<Diagnosis>('diagnose');
      if (ok === undefined) throw new Error(message);
      return ok;
    },
    close: async () => expect(await ask('close')).toEqual({}),
    kill: () => script.kill('SIGKILL'),
    halt: () => void script.process.kill('SIGSTOP'),
    goOn: () => {
      script.process.kill('SIGCONT');
      // nsenter halts along with what it waits for, and goes on for its own signal only.
      process.kill(script.process.pid ?? 0, 'SIGCONT');
    },
    [Symbol.asyncDispose]: () => script[Symbol.asyncDispose](),
  };
};

/** One forward for all tests of a `describe`: what a test does to the host, it takes back. */
export const driveForAll = (
  engineOf: () => PrivateEngine,
  orders: object,
): (() => { readonly net: Driven; readonly handover: ForwardHandover }) => {
  let net: Driven | undefined;
  let handover: ForwardHandover | undefined;
  beforeAll(async () => {
    net = drive(engineOf(), orders);
    const { ok, message } = await net.open();
    handover = ok;
    expect(message).toBeUndefined();
  });
  afterAll(async () => {
    await using held = net;
    await held?.close();
  });
  return () => {
    if (net === undefined || handover === undefined) throw new Error('it did not open');
    return { net, handover };
  };
};

/** The rules of a private engine, with its networks and containers; holders come and go with processes and are not looked at. */
export const snapshotIn = (engine: PrivateEngine): Promise<Snapshot> =>
  takeSnapshot(engine.exec, {
    docker: new Docker({ socketPath: engine.socketPath }),
    processMarker: nobody,
  });

export const expectSame = (before: Snapshot, after: Snapshot): void => expect(renderDifference(before, after)).toBe('');

export const shell = async (engine: PrivateEngine, script: string): Promise<void> => {
  const { exitCode, stderr } = await engine.exec(['sh', '-c', script]);
  expect(exitCode, `${script}\n${stderr}`).toBe(0);
};

/** Follows advice such as `strategy: 'sidecar'` with a forward of its own, and tells by which it opened. */
export const openAsAdvised = async (engine: PrivateEngine, advice: string): Promise<Answer<ForwardHandover>> => {
  const [, strategy] = /^strategy: '(\w+)'$/.exec(advice) ?? [];
  await using other = drive(engine, { strategy, service: { host: '127.0.0.1' } });
  const opened = await other.open();
  await other.close();
  return opened;
};
