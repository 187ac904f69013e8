import { describe, expect, test } from 'vitest';
import { Calm } from '../../../src/proof/calm.ts';

const never = new Promise<void>(() => undefined);
/** Whether it has resolved by the time that the event loop has turned a few times. */
const isDone = async (work: Promise<void>): Promise<boolean> => {
  let done = false;
  void work.then(() => (done = true));
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  return done;
};

describe('what can wait for openings', () => {
  test('waits for each that is under way, and for one that begins as soon as another one has ended', async () => {
    const calm = new Calm({ most: 600_000 });
    expect(await isDone(calm.wait(never))).toBe(true);
    const [endFirst, endSecond] = [calm.disturb(), calm.disturb()];
    const waiting = calm.wait(never);
    endFirst();
    // Ended twice is ended once.
    endFirst();
    expect(await isDone(waiting)).toBe(false);
    endSecond();
    await Promise.resolve();
    const endThird = calm.disturb();
    expect(await isDone(waiting)).toBe(false);
    endThird();
    await waiting;
  });

  test('goes at once where somebody is in a hurry', async () => {
    const calm = new Calm({ most: 600_000 });
    calm.disturb();
    const hurry = Promise.withResolvers<void>();
    const waiting = calm.wait(hurry.promise);
    expect(await isDone(waiting)).toBe(false);
    hurry.resolve();
    await waiting;
  });

  test('goes after a while though openings follow each other', async () => {
    const calm = new Calm({ most: 1 });
    calm.disturb();
    await calm.wait(never);
  });
});
