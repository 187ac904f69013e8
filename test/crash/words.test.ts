import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { sweep } from '../../src/index.ts';
import { wordsFolder } from '../../src/lifecycle/words.ts';
import { startEngine, stopEngine } from '../support/engine-daemon.ts';
import { requirePlace } from '../support/place.ts';
import { outputOf } from '../support/run.ts';
import { until } from '../support/until.ts';
import { startOpener, takeState, differenceAtLast, tracesAtLast } from './trace.ts';

const place = requirePlace();
// The guardian goes on for a while where it gets nowhere.
const patience = { timeoutMs: 120_000, everyMs: 100 };

const listWords = (): Promise<string[]> => readdir(wordsFolder() ?? '').catch((): string[] => []);

const findGuardian = async (): Promise<number | undefined> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (/\/guardian\.[jt]s$/.test(words[1] ?? '')) return Number(pid);
  }
  return undefined;
};

const signalEngine = (signal: string): Promise<string> =>
  outputOf(place.exec, [
    'sh',
    '-c',
    'kill -s "$1" "$(cat "$2")"',
    'signal',
    signal,
    `${place.directory}/private/docker.pid`,
  ]);

const open = async () => {
  const script = startOpener('nftables', 'live');
  const [, bridge = ''] = (await script.waitForLine(/^open /)).split(' ');
  return { script, bridge };
};

test(
  'a guardian that cannot reach the engine leaves word; the next opening tells it, and removes what stayed',
  { timeout: 240_000 },
  async () => {
    const { script, bridge } = await open();
    await stopEngine(place, 'SIGKILL');
    await script.kill('SIGKILL');
    await until(async () => (await listWords()).length === 1, { ...patience, what: 'a word' });
    await startEngine(place);
    await using next = startOpener('nftables', 'close');
    expect(await next.exit, next.stderr()).toEqual({ code: 0, signal: null });
    const warning = next.lines.find((line) => line.startsWith('warning LHF_WARN_GUARDIAN'));
    expect(warning).toMatch(new RegExp(`process ${script.process.pid} left network ${bridge} \\(.*docker\\.sock\\)`));
    expect(next.lines).toContain('Try: localhost-forward sweep');
    expect(await tracesAtLast(script.process.pid)).toEqual([]);
    expect(await tracesAtLast(next.process.pid)).toEqual([]);
    expect(await listWords()).toEqual([]);
  },
);

test(
  'a guardian that is killed has its shell leave word, and a sweep that removes all takes it back',
  { timeout: 240_000 },
  async () => {
    const before = await takeState();
    const { script, bridge } = await open();
    // It waits for an answer, and so can be found.
    await signalEngine('STOP');
    try {
      await script.kill('SIGKILL');
      process.kill(await until(findGuardian, { what: 'the guardian' }), 'SIGKILL');
      await until(async () => (await listWords()).length === 1, { ...patience, what: 'a word' });
    } finally {
      await signalEngine('CONT');
    }
    const [name = ''] = await listWords();
    const word = await readFile(`${wordsFolder()}/${name}`, 'utf8');
    expect(JSON.parse(word)).toMatchObject({
      stays: [{ what: `what it had on ${bridge}`, why: 'its guardian ended with code 137' }],
    });
    expect((await sweep()).failed).toEqual([]);
    expect(await listWords()).toEqual([]);
    expect(await differenceAtLast(before)).toBe('');
  },
);
