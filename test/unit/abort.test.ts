import { expect, test } from 'vitest';
import { followSignal } from '../../src/abort.ts';

/** A signal of another realm's class, as DOM environments have them. */
const foreignSignal = () => {
  const target = new EventTarget();
  return Object.assign(target, { aborted: false, reason: undefined });
};

test('a signal of Node’s own is taken as it is', () => {
  const { signal } = new AbortController();
  expect(followSignal(signal)).toBe(signal);
});

test('another one is followed, its reason too, by one that Node’s functions take', () => {
  const foreign = foreignSignal();
  const followed = followSignal(foreign as unknown as AbortSignal);
  expect(followed).toBeInstanceOf(AbortSignal);
  expect(AbortSignal.any([followed]).aborted).toBe(false);
  const reason = new Error('enough');
  Object.assign(foreign, { aborted: true, reason });
  foreign.dispatchEvent(new Event('abort'));
  expect(followed).toMatchObject({ aborted: true, reason });
  expect(followSignal(foreign as unknown as AbortSignal)).toMatchObject({ aborted: true, reason });
});
