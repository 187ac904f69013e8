import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { judgeOwner, type OwnerJudgement, type View } from '../../../src/ownership/judge-owner.ts';
import type { Owner } from '../../../src/ownership/owner.ts';
import { readOwner } from '../../../src/ownership/owner.ts';
import { readPlace, unknownBoot } from '../../../src/ownership/place.ts';

const place = { host: '11111111', boot: '22222222', pidNamespace: 4_026_531_836 };
const owner: Owner = { ...place, pid: 4711, startTime: 5000, nonce: 'abcde' };

// What a process sees where nothing is hidden and the owner lives.
const clear: View = {
  place,
  askFor: () => undefined,
  isOwnProc: () => true,
  readProcess: () => ({ isZombie: false, startTime: 5000 }),
};

const asking =
  (code: string): View['askFor'] =>
  () =>
    code;
const hidden = { readProcess: (): undefined => undefined };
const starting = (startTime: number | undefined) => ({ readProcess: () => ({ isZombie: false, startTime }) });
const foreignProc = { isOwnProc: () => false, ...starting(7) };
const at = (change: Partial<View['place']>) => ({ place: { ...place, ...change } });

const alive: OwnerJudgement = { state: 'alive' };
const dead: OwnerJudgement = { state: 'dead' };
const elsewhere: OwnerJudgement = { state: 'elsewhere' };
const maybe = { state: 'alive', doubt: expect.any(String) as string } as const;

describe('an owner', () => {
  test.each<[string, Partial<View>, Partial<Owner>, OwnerJudgement]>([
    ['that is seen', {}, {}, alive],
    ["of another user's", { askFor: asking('EPERM') }, {}, alive],
    ['that is gone', { askFor: asking('ESRCH'), ...hidden }, {}, dead],
    ['whose pid another process has', starting(6000), {}, dead],
    ["whose pid another user's process has", { askFor: asking('EPERM'), ...starting(6000) }, {}, dead],
    [
      'that ended, and its parent waits for it no more',
      { readProcess: () => ({ isZombie: true, startTime: 5000 }) },
      {},
      dead,
    ],
    ['seen from a time namespace off by part of a tick', starting(5001), {}, alive],
    ['seen from another, likewise', starting(4999), {}, alive],
    ['that /proc hides', { askFor: asking('EPERM'), ...hidden }, {}, maybe],
    ['that /proc hides from one who may signal it', hidden, {}, maybe],
    ['that /proc hides, and that is gone', { askFor: asking('ESRCH'), ...hidden }, {}, dead],
    ["where /proc is another pid namespace's", foreignProc, {}, maybe],
    ["where /proc is another pid namespace's, and that is gone", { askFor: asking('ESRCH'), ...foreignProc }, {}, dead],
    ['that a sandbox does not let signal', { askFor: asking('EACCES'), ...hidden }, {}, maybe],
    ['where no signal can be sent at all', { askFor: asking('ENOSYS'), ...hidden }, {}, maybe],
    ['that could not read when it started', {}, { startTime: 0 }, maybe],
    ['that could not, and that is gone', { askFor: asking('ESRCH') }, { startTime: 0 }, dead],
    ['seen from a time namespace that does not tell its offset', starting(undefined), {}, maybe],
    ['of another boot', at({ boot: '33333333' }), {}, dead],
    ['of another boot and pid namespace', at({ boot: '33333333', pidNamespace: 1 }), {}, dead],
    ['where nothing tells the boot', at({ boot: unknownBoot }), {}, alive],
    ['that could not read its boot', {}, { boot: unknownBoot }, alive],
    [
      'where nothing tells the boot, and that is gone',
      { ...at({ boot: unknownBoot }), askFor: asking('ESRCH') },
      {},
      dead,
    ],
    ['of another pid namespace', { ...at({ pidNamespace: 1 }), askFor: asking('ESRCH') }, {}, elsewhere],
    ['where nothing tells the pid namespace', { ...at({ pidNamespace: 0 }), askFor: asking('ESRCH') }, {}, elsewhere],
    [
      'that could not read its own, either',
      { ...at({ pidNamespace: 0 }), askFor: asking('ESRCH') },
      { pidNamespace: 0 },
      elsewhere,
    ],
    ['of another host', { ...at({ host: '33333333' }), askFor: asking('ESRCH') }, {}, elsewhere],
    ['of another host and boot', at({ host: '33333333', boot: '33333333' }), {}, elsewhere],
  ])('%s', (_, seen, change, judgement) => {
    expect(judgeOwner({ ...owner, ...change }, { ...clear, ...seen })).toEqual(judgement);
  });

  test('is this process', () => {
    const self = readOwner();
    expect(self).toMatchObject({ ...readPlace(), pid: process.pid });
    expect(judgeOwner(self).state).toBe('alive');
    // A pid beyond all that Linux gives.
    expect(judgeOwner({ ...self, pid: 4_194_305 }).state).toBe('dead');
  });

  test('is another process for as long as that one runs', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const other = { ...readOwner(), pid: child.pid ?? 0, startTime: 0 };
    expect(judgeOwner(other).state).toBe('alive');
    child.stdin.end();
    await once(child, 'exit');
    expect(judgeOwner(other).state).toBe('dead');
  });
});

// Start times are read from /proc.
test.runIf(process.platform === 'linux')('a process that started at another time has only its pid in common', () => {
  const self = readOwner();
  expect(self.startTime).toBeGreaterThan(0);
  expect(judgeOwner(self)).toEqual({ state: 'alive' });
  for (const off of [-2, 2, -100, 100]) {
    expect(judgeOwner({ ...self, startTime: self.startTime + off })).toEqual({ state: 'dead' });
  }
});
