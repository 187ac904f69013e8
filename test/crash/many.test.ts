import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { until } from '../support/until.ts';
import { cacheCompilation } from './compile-cache.ts';
import { takeState, tracesAtLast, differenceAtLast } from './trace.ts';

// A machine under load takes a while to make and to remove that many networks.
const patienceMs = 240_000;

const openMany = (count: number, ...acts: readonly 'close'[]): Script => {
  cacheCompilation();
  return spawnScript({ file: `${projectRoot}test/crash/programs/open-many.ts`, args: [String(count), ...acts] });
};

const countBridges = async (): Promise<number> =>
  (await readdir('/sys/class/net')).filter((name) => name.startsWith('lhf-')).length;

test(
  '60 are open and their process is killed: nothing is left, without any sweep',
  { timeout: patienceMs },
  async () => {
    const before = await takeState();
    await using script = openMany(60);
    expect(await script.waitForLine(/^open /, { timeoutMs: patienceMs })).toBe('open 60');
    await script.kill('SIGKILL');
    expect(await tracesAtLast(script.process.pid, patienceMs)).toEqual([]);
    expect(await differenceAtLast(before)).toBe('');
  },
);

test('killed in the middle of closing 20: nothing is left', { timeout: patienceMs }, async () => {
  const before = await takeState();
  await using script = openMany(20, 'close');
  await script.waitForLine(/^open /, { timeoutMs: patienceMs });
  await until(async () => (await countBridges()) < 20, { timeoutMs: patienceMs, everyMs: 5, what: 'a bridge to go' });
  await script.kill('SIGKILL');
  expect(script.lines).not.toContain('closed');
  expect(await tracesAtLast(script.process.pid, patienceMs)).toEqual([]);
  expect(await differenceAtLast(before)).toBe('');
});

test(
  'killed in the middle of opening 20: what the engine makes after the death goes as well',
  { timeout: patienceMs },
  async () => {
    const before = await takeState();
    await using script = openMany(20);
    await until(async () => (await countBridges()) > 5, { timeoutMs: patienceMs, everyMs: 5, what: 'some bridges' });
    await script.kill('SIGKILL');
    expect(script.lines).toEqual(['opening']);
    expect(await tracesAtLast(script.process.pid, patienceMs)).toEqual([]);
    expect(await differenceAtLast(before)).toBe('');
  },
);
