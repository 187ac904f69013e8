import { expect, it } from 'vitest';
import { Progress } from '../../../src/host/progress.ts';
import { Patience } from '../../../src/lifecycle/patience.ts';
import { UndoStack } from '../../../src/lifecycle/undo-stack.ts';

const longAgo = (): number => performance.now() - 100_000;

it('waits no longer than it may where nothing gets done', async () => {
  await expect(new Patience().wait(50_000, longAgo(), Promise.resolve('done'))).rejects.toThrow(
    'not done within 50000 ms',
  );
  await expect(new Patience().wait(20, performance.now(), new Promise(() => undefined))).rejects.toThrow(
    'not done within 20 ms',
  );
});

it('waits on while others who wait for the same get done', async () => {
  const patience = new Patience();
  const other = new UndoStack(patience);
  other.push('a', async () => undefined);
  await other.run(1_000);
  expect(await patience.wait(50_000, longAgo(), Promise.resolve('done'))).toBe('done');
});

it('waits on while the engine is seen at work for others', async () => {
  const listings = ['docker0', 'docker0 br-a', 'docker0', 'docker0 br-b'];
  const done = Promise.withResolvers<string>();
  const progress = new Progress(() => {
    if (listings.length === 1) done.resolve('done');
    return listings.shift() ?? '';
  }, Infinity);
  expect(await new Patience(progress).wait(40, performance.now(), done.promise)).toBe('done');
});

it('counts nothing that failed as done', async () => {
  const patience = new Patience();
  const other = new UndoStack(patience);
  other.push('a', () => Promise.reject(new Error('broken')));
  await other.run(1_000);
  await expect(patience.wait(50_000, longAgo(), Promise.resolve('done'))).rejects.toThrow('not done within');
});
