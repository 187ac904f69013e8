import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeOwner, parseSession, randomWord, readHere, readOwner, renderSession, type Owner } from '../../src/owner.ts';
import { until } from '../support/until.ts';

const mine = readOwner();

describe('a session word', () => {
  it('tells the whole owner again', () => {
    expect(parseSession(renderSession(mine))).toEqual(mine);
    expect(renderSession(mine)).toMatch(/^[0-9a-z-]{1,60}$/);
  });

  it.each([
    { ...mine, pid: 4_194_304, pidNamespace: 4_294_967_295, startTime: 3_000_000_000_000 },
    { ...mine, pid: 1, pidNamespace: 0, startTime: 0 },
  ])('holds extremes', (owner) => expect(parseSession(renderSession(owner))).toEqual(owner));

  it.each(['', 'x', renderSession(mine).slice(1), `${renderSession(mine)}x`, renderSession(mine).toUpperCase(), `${renderSession(mine)}\n`])('%j is none', (word) => {
    expect(parseSession(word)).toBeUndefined();
  });
});

describe('judgeOwner', () => {
  it.each<[string, Partial<Owner>, string]>([
    ['this process', {}, 'alive'],
    ['a pid that is taken by another process by now', { startTime: mine.startTime - 1 }, 'dead'],
    ['a pid that nobody has', { pid: 4_194_305 }, 'dead'],
    ['another boot of this host', { boot: '00000000' }, 'dead'],
    ['another boot and pid namespace', { boot: '00000000', pidNamespace: 1 }, 'dead'],
    ['another pid namespace', { pidNamespace: 1 }, 'elsewhere'],
    ['another host', { host: '00000000' }, 'elsewhere'],
    ['another host and boot', { host: '00000000', boot: '00000000' }, 'elsewhere'],
  ])('%s', (_, change, verdict) => expect(judgeOwner({ ...mine, ...change })).toBe(verdict));

  it('knows another process, by a name that looks like the line it is read from, until it ends, and its zombie as dead', async () => {
    // The shell's child is never waited for, so that it stays a zombie when it ends.
    const parent = spawn('sh', ['-c', `exec 3<&0; bash -c 'printf "a) Z (b" > /proc/$$/comm; read line' <&3 & echo $!; exec sleep 60`], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
      const pid = Number(line);
      const stat = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8');
      await until(() => stat().includes('(a) Z (b)'));
      const startTime = Number(stat().split('(a) Z (b) ')[1]?.split(' ')[19]);
      const child = { ...mine, pid, startTime };
      expect(judgeOwner(child)).toBe('alive');
      parent.stdin.end('\n');
      await until(() => stat().includes('(a) Z (b) Z '));
      expect(judgeOwner(child)).toBe('dead');
    } finally {
      parent.kill('SIGKILL');
    }
  });
});

it('reads what all processes of this place share, hashed', () => {
  expect(readHere()).toEqual(readHere());
  expect(readHere()).toMatchObject({ host: expect.stringMatching(/^[0-9a-f]{8}$/) as string, boot: expect.stringMatching(/^[0-9a-f]{8}$/) as string });
  expect(readHere().pidNamespace).toBeGreaterThan(0);
});

it('draws words that names may have', () => {
  const words = Array.from({ length: 500 }, () => randomWord(5));
  expect(new Set(words).size).toBeGreaterThan(490);
  for (const word of words) expect(word).toMatch(/^[0-9a-v]{5}$/);
});
