import { test, type TestInfo } from '@playwright/test';
import { nobodyAwaited } from '../matchers/awaited.ts';

/**
 * Has the running test fail by an expectation, until what is returned is called. Nothing of ours runs at the end of a test that is not of
 * our own `test`: so its failure is there from the beginning, at the line of the expectation, and is taken back once that is awaited.
 */
export const failUntilAwaited = (what: string): (() => void) => {
  const info = runningTest();
  if (info === undefined) return () => undefined;
  const { message, stack = message } = nobodyAwaited([what]);
  const failure = { message, stack: withoutRunner(stack) };
  info.errors.push(failure);
  if (info.status === 'passed') info.status = 'failed';
  return () => {
    const place = info.errors.indexOf(failure);
    if (place < 0) return;
    info.errors.splice(place, 1);
    // Whatever else fails a test is among its errors.
    if (info.errors.length === 0 && info.status === 'failed') info.status = 'passed';
  };
};

// Playwright does the same with the stacks that it makes itself.
const withoutRunner = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => !/^ +at .*(\/|\\)node_modules(\/|\\)|^ +at .*\(?node:/.test(line))
    .join('\n');

// A set-up of the whole run is no test.
const runningTest = (): TestInfo | undefined => {
  try {
    return test.info();
  } catch {
    return undefined;
  }
};
