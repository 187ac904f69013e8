import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { joinLocalhostForward, openLocalhostForward, sweep } from '../../src/index.ts';
import { leaveWord, tellWords, wordsFolder } from '../../src/lifecycle/words.ts';
import { parseSession, readOwner, renderSession } from '../../src/ownership/owner.ts';
import { LifeLine } from '../../src/privilege/life-line.ts';
import { findSocketFolder, makeSocketFolder, socketFolders } from '../../src/strategies/carrier/folders.ts';
import { requirePlace } from '../support/place.ts';
import { exitOf, spawnHere } from '../support/run.ts';
import { listenTcp } from '../support/services.ts';
import { within } from '../support/until.ts';

// Another user of this host takes the names that ours will have, or have, in a folder where everybody may: nothing of his is read,
// followed or waited for. Each is first shown to bite who goes by the name alone.
requirePlace();
const squatterFile = fileURLToPath(new URL('programs/squatter.pl', import.meta.url));

const openSquatter = () => {
  const child = spawnHere(['setpriv', '--reuid=4242', '--regid=4242', '--clear-groups', 'perl', squatterFile], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  const said = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    squat: async (...words: readonly string[]): Promise<void> => {
      stdin.write(`${words.join('\t')}\n`);
      expect((await within(20_000, words.join(' '), said.next())).value).toBe('done');
    },
    tries: async (...words: readonly string[]): Promise<string> => {
      stdin.write(`${words.join('\t')}\n`);
      return String((await within(20_000, words.join(' '), said.next())).value);
    },
    end: async (): Promise<void> => {
      stdin.end();
      await exitOf(child);
    },
  };
};

let squatter: ReturnType<typeof openSquatter>;
let theirs: string;
beforeAll(async () => {
  squatter = openSquatter();
  theirs = join(tmpdir(), 'theirs');
  await squatter.squat('folder', theirs);
});
afterAll(async () => {
  await squatter.end();
  await rm(theirs, { recursive: true, force: true });
});

const session = renderSession({ ...readOwner(), pid: 4711 });
const stay = { what: 'network lhf-abcde123', why: 'it hangs' };

describe('where a guardian leaves its words', () => {
  const folder = wordsFolder() ?? '';
  beforeEach(() => rm(folder, { recursive: true, force: true }));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(['folder', 'link', 'fifo', 'socket', 'file'])(
    'a %s of his: nothing is written there, and nothing of it is told or waited for',
    async (kind) => {
      await squatter.squat(kind, folder, theirs);
      if (kind === 'link' || kind === 'folder') {
        // What a plain write would do, in a folder that he can read and change.
        await writeFile(join(folder, 'plain'), 'x');
        expect(await readdir(kind === 'link' ? theirs : folder)).toEqual(['plain']);
        await rm(join(folder, 'plain'));
        await squatter.squat('fifo', join(folder, `${session}.json`));
      }
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      await expect(leaveWord(folder, session, [stay])).rejects.toThrow(/is not this user's own/);
      await within(10_000, 'words', tellWords());
      expect(warn).not.toHaveBeenCalled();
      warn.mockRestore();
      expect((await lstat(folder)).uid).toBe(4242);
      for (const name of await readdir(theirs)) await rm(join(theirs, name));
    },
  );
});

describe('sockets of a forward', () => {
  const before = (name: string): string => name.replace(/\w{6}$/, '000000');

  test('he lays a folder before ours, which a worker would ask: ours is asked', async () => {
    await using service = await listenTcp();
    await using net = await openLocalhostForward(
      { hostPort: service.port, containerPort: 80 },
      { strategy: 'relay', verify: false },
    );
    const ours = (await findSocketFolder(net.bridgeName)) ?? '';
    const his = before(ours);
    await squatter.squat('folder', his);
    await squatter.squat('socket', join(his, 'd'));
    // By its name alone his is found, and his socket takes the question and never answers.
    const [first = ''] = (await readdir(dirname(ours)))
      .filter((name) => name.startsWith(`lhf-carried-${net.bridgeName}`))
      .toSorted();
    expect(join(dirname(ours), first)).toBe(his);
    const taken = connect({ path: join(his, 'd') });
    await new Promise((resolve) => taken.once('connect', resolve));
    taken.destroy();
    expect(await findSocketFolder(net.bridgeName)).toBe(ours);
    const joined = joinLocalhostForward(net.toJSON());
    expect(await within(9_000, 'an answer of ours', joined.hits())).toMatchObject({ connections: 0 });
    // Nobody but us comes to ours.
    expect((await lstat(ours)).mode & 0o777).toBe(0o700);
    await rm(his, { recursive: true });
  });

  test.each(['folder', 'link', 'fifo', 'socket', 'file'])(
    'a %s of his with the mark of somebody dead is none of ours, and stays',
    async (kind) => {
      const dead = renderSession({ ...readOwner(), pid: 2 ** 22 - 1 });
      const nonce = parseSession(dead)?.nonce ?? '';
      const ours = await makeSocketFolder(`lhf-${nonce}123`, dead);
      const valuable = join(dirname(ours), `valuable-${nonce}`);
      await mkdir(valuable, { recursive: true });
      await writeFile(join(valuable, 'file'), 'mine');
      const his = before(ours);
      await squatter.squat(kind, his, valuable);
      const tools = {} as Parameters<typeof socketFolders.list>[0];
      expect((await socketFolders.list(tools, dead)).map(({ name }) => name)).toEqual([ours]);
      await sweep();
      expect(await readdir(dirname(ours))).not.toContain(basename(ours));
      expect((await lstat(his)).uid).toBe(4242);
      expect(await readFile(join(valuable, 'file'), 'utf8')).toBe('mine');
      await rm(his, { recursive: true });
      await rm(valuable, { recursive: true });
    },
  );
});

test('the abstract name of a life line takes in whoever reads it, until the one has come whom it is for', async () => {
  const line = await LifeLine.open('lhf-test-line');
  // As the container comes, and as anybody might beside it.
  const held = connect('\0lhf-test-line');
  await new Promise((resolve) => held.once('connect', resolve));
  await squatter.squat('connect', 'lhf-test-line');
  line.settle();
  expect(await squatter.tries('connect', 'lhf-test-line')).toBe('failed: Connection refused');
  // Who has it already still has.
  expect(held.readyState).toBe('open');
  line.cut();
  await new Promise((resolve) => held.once('close', resolve));
});
