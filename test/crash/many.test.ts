import { expect, test } from 'vitest';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { cacheCompilation } from './compile-cache.ts';
import { takeState, tracesAtLast, differenceAtLast } from './trace.ts';

// A machine under load takes a while to make and to remove that many networks.
const patienceMs = 240_000;

const openMany = (...args: readonly string[]): Script => {
  cacheCompilation();
  return spawnScript({ file: `${projectRoot}test/crash/programs/open-many.ts`, args });
};

test(
  '60 are open and their process is killed: nothing is left, without any sweep',
  { timeout: patienceMs },
  async () => {
    const before = await takeState();
    await using script = openMany('60');
    expect(await script.waitForLine(/^open /, { timeoutMs: patienceMs })).toBe('open 60');
    await script.kill('SIGKILL');
    expect(await tracesAtLast(script.process.pid, patienceMs)).toEqual([]);
    expect(await differenceAtLast(before)).toBe('');
  },
);

test.each([
  ['opening', 'POST /networks/create', '6', ['opening'], 'what the engine makes after the death goes as well'],
  ['closing', 'DELETE /networks/<id>', '2', ['opening', 'open 20'], 'nothing is left'],
])('killed in the middle of %s 20: $4', { timeout: patienceMs }, async (_, call, answers, said) => {
  const before = await takeState();
  await using script = openMany('20', answers, call);
  expect(await script.exit).toMatchObject({ signal: 'SIGKILL' });
  expect(script.lines).toEqual(said);
  expect(await tracesAtLast(script.process.pid, patienceMs)).toEqual([]);
  expect(await differenceAtLast(before)).toBe('');
});

test.each(['nftables', 'iptables'])(
  '%s: killed when all of it is out but the network, which the engine takes its time for: nothing is left',
  async (strategy) => {
    const before = await takeState();
    await using script = spawnScript({ file: `${projectRoot}test/crash/programs/removal-held.ts`, args: [strategy] });
    expect(await script.exit).toMatchObject({ signal: 'SIGKILL' });
    expect(script.lines).toEqual([expect.stringMatching(/^open lhf-/)]);
    expect(await tracesAtLast(script.process.pid)).toEqual([]);
    expect(await differenceAtLast(before)).toBe('');
  },
);
