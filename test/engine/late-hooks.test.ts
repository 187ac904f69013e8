import { expect, test } from 'vitest';
import { useLocalhostForward } from '../../adapters/jest/index.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { gateDocker } from '../support/gated-docker.ts';

type Hook = () => Promise<void>;

/** Jest's hooks, as they would be called. */
const hooksOf = (declare: () => unknown): { before: Hook; after: Hook } => {
  const place = globalThis as Record<string, unknown>;
  const hooks: Partial<Record<'before' | 'after', Hook>> = {};
  const names = { beforeAll: 'before', afterAll: 'after' } as const;
  for (const [global, name] of Object.entries(names)) place[global] = (hook: Hook) => (hooks[name] = hook);
  try {
    declare();
  } finally {
    for (const global of Object.keys(names)) delete place[global];
  }
  const { before, after } = hooks;
  if (before === undefined || after === undefined) throw new Error('it declared no hooks');
  return { before, after };
};

test('a forward of Jest’s that nobody waits for any more is closed by its afterAll() when it comes', async () => {
  const before = await snapshotHere();
  const [isAsked, mayBeMade] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const docker = gateDocker({
    before: async (call) => {
      if (call !== 'POST /networks/create') return;
      isAsked.resolve();
      await mayBeMade.promise;
    },
  });
  const hooks = hooksOf(() => useLocalhostForward([], { docker, strategy: 'relay', verify: false }));
  const opening = hooks.before();
  await isAsked.promise;
  // Jest's patience has ended: it goes on to the end of the file.
  const closing = hooks.after();
  mayBeMade.resolve();
  await Promise.all([opening, closing]);
  expect(renderDifference(before, await snapshotHere())).toBe('');
});

test('ports that Jest’s afterAll() did not wait for are forwarded by nobody', async () => {
  const asked: string[] = [];
  const docker = gateDocker({ before: (call) => void asked.push(call) });
  const ports = Promise.withResolvers<number>();
  const hooks = hooksOf(() => useLocalhostForward(() => ports.promise, { docker, strategy: 'relay', verify: false }));
  const opening = hooks.before();
  await hooks.after();
  ports.resolve(8088);
  await opening;
  expect(asked).toEqual([]);
});
