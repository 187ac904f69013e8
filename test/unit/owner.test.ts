import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { judgeOwner, parseSession, randomWord, readHere, readOwner, renderSession } from '../../src/owner.ts';

const here = readHere();
const self = readOwner();

describe('sessions', () => {
  test('are read as they were written', () => {
    const owners = [
      self,
      { ...self, pidNamespace: 4_026_531_836, pid: 4_194_304, startTime: 2 ** 50 },
      { ...self, pidNamespace: 0, pid: 1, startTime: 0 },
    ];
    for (const owner of owners) expect(parseSession(renderSession(owner))).toEqual(owner);
  });

  test('fit labels, comments and arguments', () => {
    const session = renderSession({ ...self, pidNamespace: 4_294_967_295, pid: 4_194_304, startTime: 2 ** 50 });
    expect(session).toMatch(/^[0-9a-z-]+$/);
    // iptables takes comments of up to 255 characters, nft of up to 128: `lhf:lhf-12345678:` comes before it.
    expect(session.length + 'lhf:lhf-12345678:'.length).toBeLessThan(128);
  });

  test.each([
    '',
    'x',
    '0-1-2-3-4-5',
    `${renderSession(self)} `,
    `${renderSession(self)}-1`,
    renderSession(self).toUpperCase(),
    renderSession(self).replace(/-/g, ':'),
  ])('%j is none', (session) => {
    expect(parseSession(session)).toBeUndefined();
  });
});

// Processes and their start times are read from /proc.
describe.runIf(process.platform === 'linux')('an owner', () => {
  test('is this process', () => {
    expect(self).toMatchObject({ ...here, pid: process.pid });
    expect(self.startTime).toBeGreaterThan(0);
    expect(judgeOwner(self)).toBe('alive');
  });

  test('is another process for as long as that one runs', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    // Started within a second of now; clock ticks are a hundredth of one.
    const near = Array.from({ length: 20_000 }, (_, ticks) => ({ ...self, pid, startTime: self.startTime + ticks }));
    expect(near.filter((owner) => judgeOwner(owner, here) === 'alive')).toHaveLength(1);
    child.stdin.end();
    await once(child, 'exit');
    expect(near.slice(0, 200).every((owner) => judgeOwner(owner, here) === 'dead')).toBe(true);
  });

  test.each<[string, object, string]>([
    ['a reused pid', { startTime: self.startTime + 1 }, 'dead'],
    ['a pid that is not there', { pid: 4_194_305 }, 'dead'],
    ['another boot', { boot: 'ffffffff' }, 'dead'],
    ['another boot in another pid namespace', { boot: 'ffffffff', pidNamespace: 1 }, 'dead'],
    ['another pid namespace', { pidNamespace: 1 }, 'elsewhere'],
    ['another host', { host: 'ffffffff' }, 'elsewhere'],
    ['another host and boot', { host: 'ffffffff', boot: 'ffffffff' }, 'elsewhere'],
  ])('%s', (_, different, verdict) => {
    expect(judgeOwner({ ...self, ...different }, here)).toBe(verdict);
  });
});

test('words at random', () => {
  expect(randomWord(8)).toMatch(/^[0-9a-v]{8}$/);
  expect(new Set(Array.from({ length: 1000 }, () => randomWord(8))).size).toBe(1000);
  expect(readOwner().nonce).not.toBe(readOwner().nonce);
});
