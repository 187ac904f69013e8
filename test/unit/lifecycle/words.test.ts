import { chmod, lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { forgetWords, leaveWord, tellWords, wordsFolder } from '../../../src/lifecycle/words.ts';
import { readOwner, renderSession } from '../../../src/ownership/owner.ts';

const session = renderSession({ ...readOwner(), pid: 4711 });
const stay = { what: 'network lhf-abcde123', why: 'connect ECONNREFUSED' };

let around: string;
let folder: string;
const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);

beforeEach(async () => {
  around = await mkdtemp(join(tmpdir(), 'lhf-words-'));
  vi.stubEnv('TMPDIR', around);
  folder = wordsFolder() ?? '';
  warn.mockClear();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(around, { recursive: true });
});

const told = (): unknown[] => warn.mock.calls.map(([text]) => text);

describe('a guardian’s word', () => {
  test('is for its user alone, is told once, and takes its folder along', async () => {
    await leaveWord(folder, session, [stay]);
    expect((await lstat(folder)).mode & 0o777).toBe(0o700);
    expect((await lstat(join(folder, `${session}.json`))).mode & 0o777).toBe(0o600);
    await tellWords();
    expect(warn.mock.calls).toEqual([
      [
        `process 4711 left network lhf-abcde123 (connect ECONNREFUSED)\nTry: localhost-forward sweep`,
        { type: 'LocalhostForwardWarning', code: 'LHF_WARN_GUARDIAN' },
      ],
    ]);
    await tellWords();
    expect(warn).toHaveBeenCalledTimes(1);
    expect(await readdir(around)).toEqual([]);
  });

  test('names a few of many things, each reason once', async () => {
    await leaveWord(
      folder,
      session,
      Array.from({ length: 200 }, (_, n) => ({ what: `network ${n}`, why: 'it hangs' })),
    );
    await tellWords();
    expect(told()).toEqual([
      'process 4711 left network 0, network 1, network 2, network 3, network 4 and 195 more (it hangs)\nTry: localhost-forward sweep',
    ]);
  });

  test('is forgotten where nothing of its session is left', async () => {
    await leaveWord(folder, session, [stay]);
    await forgetWords(() => false);
    expect(await readdir(folder)).toHaveLength(1);
    await forgetWords((gone) => gone === session);
    expect(await readdir(around)).toEqual([]);
  });

  test('that is cut off says that something stays', async () => {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, `${session}.json`), '{"session":"', { mode: 0o600 });
    await tellWords();
    expect(told()).toEqual(['process 4711 left something\nTry: localhost-forward sweep']);
  });

  test('cannot steer a terminal', async () => {
    await leaveWord(folder, session, [{ what: 'network \u001b[2Jx', why: 'a\nb' }]);
    await tellWords();
    expect(told()).toEqual(['process 4711 left network \\x1b[2Jx (a\\nb)\nTry: localhost-forward sweep']);
  });
});

describe('what anybody may put there', () => {
  test('a folder that others may write is not believed, and not written', async () => {
    await mkdir(folder);
    await chmod(folder, 0o777);
    await expect(leaveWord(folder, session, [stay])).rejects.toThrow(`${folder} is not this user's own`);
    await writeFile(join(folder, `${session}.json`), JSON.stringify({ session, stays: [stay] }));
    await tellWords();
    expect(warn).not.toHaveBeenCalled();
  });

  test('a link in the folder’s place is not followed', async () => {
    const elsewhere = join(around, 'elsewhere');
    await mkdir(elsewhere, { mode: 0o700 });
    await symlink(elsewhere, folder);
    await expect(leaveWord(folder, session, [stay])).rejects.toThrow("is not this user's own");
    expect(await readdir(elsewhere)).toEqual([]);
  });

  test('links, and files that are no words, are left alone', async () => {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(around, 'secret'), JSON.stringify({ stays: [stay] }));
    await symlink(join(around, 'secret'), join(folder, `${session}.json`));
    await writeFile(join(folder, 'note.txt'), 'mine');
    await tellWords();
    expect(warn).not.toHaveBeenCalled();
    expect((await readdir(folder)).length).toBe(2);
  });
});
