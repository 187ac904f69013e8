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
  const listings = ['docker0', 'docker0 br-a', 'docker0 br-a'];
  const progress = new Progress(() => listings.shift() ?? '');
  const patience = new Patience(progress);
  const since = longAgo();
  // What the first look sees is what later ones are compared with.
  expect(progress.nextLook(50_000, since)).toBe(0);
  expect(await patience.wait(50_000, since, Promise.resolve('done'))).toBe('done');
  await expect(patience.wait(50_000, longAgo() - 400_000, Promise.resolve('done'))).rejects.toThrow('not done within');
});

it('counts nothing that failed as done', async () => {
  const patience = new Patience();
  const other = new UndoStack(patience);
  other.push('a', () => Promise.reject(new Error('broken')));
  await other.run(1_000);
  await expect(patience.wait(50_000, longAgo(), Promise.resolve('done'))).rejects.toThrow('not done within');
});
