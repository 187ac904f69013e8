import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Holder, type AnswerReader } from '../../../src/lifecycle/holder.ts';
import { privilegesOf } from '../../../src/privilege/privileges.ts';
import { spawnScript } from '../../support/children.ts';
import { until, within } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'lhf-holder-'));
afterAll(() => rmSync(folder, { recursive: true }));

// In the place of nft: says each line again, in two writes, and knows a few words.
const hold = `
while IFS= read -r line; do
  case $line in
    silent) ;;
    end) echo "out of order" >&2; break;;
    env) echo "$LHF_TEST $SESSION $NONCE [$SUDO] $PWD $LC_ALL." >&2;;
    *) printf '%s' "$line" >&2; echo . >&2;;
  esac
done`;

const readLine: AnswerReader<string> = (received) => {
  const end = received.indexOf('.\n');
  return end < 0 ? undefined : { answer: received.slice(0, end), rest: received.slice(end + 2) };
};

const open = (options: { hold?: string; timeoutMs?: number } = {}) => {
  const lost: number[] = [];
  const holder = new Holder({
    session: 'session',
    nonce: 'zzzzz',
    privileges: privilegesOf({ kind: 'root' }),
    environment: { LHF_TEST: 'value' },
    onLost: () => lost.push(1),
    program: `lhf_hold() {\n${options.hold ?? hold}\n}\nlhf_release() { :; }`,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  return { holder, lost, ask: (line: string) => holder.ask(`${line}\n`, readLine) };
};

describe('a holder', () => {
  it('answers in order, however many ask at once', async () => {
    const { ask, lost } = open();
    const lines = Array.from({ length: 200 }, (_, n) => `line ${n} ${'x'.repeat(n)}`);
    expect(await Promise.all(lines.map(ask))).toEqual(lines);
    expect(lost).toEqual([]);
  });

  it('tells its program who it is for', async () => {
    expect(await open().ask('env')).toBe('value session zzzzz [] / C');
  });

  it('gives its program an environment of ours: of the user’s, only what leads to the engine', async () => {
    for (const name of ['SSH_AUTH_SOCK', 'LD_LIBRARY_PATH', 'NODE_OPTIONS', 'XTABLES_LIBDIR']) vi.stubEnv(name, '/x');
    vi.stubEnv('TERM', 'xterm-kitty-unknown');
    const { ask } = open({ hold: 'read -r line; { echo "$line"; env; echo .; } >&2; cat' });
    const answer = await ask('').finally(() => vi.unstubAllEnvs());
    const names = answer.split('\n').map((line) => line.split('=')[0]);
    expect(names).toEqual(expect.arrayContaining(['LHF_TEST', 'PATH', 'SSH_AUTH_SOCK']));
    expect(names.filter((name) => /LIBRARY|NODE|XTABLES|npm|VITEST/.test(name ?? ''))).toEqual([]);
    expect(answer).toMatch(/^TERM=dumb$/m);
  });

  it('gives up on an answer in time, and finds the others in their places', async () => {
    const { holder, ask } = open({ timeoutMs: 200 });
    await expect(ask('silent')).rejects.toThrow('no answer within 200 ms');
    // The late answer is the one that was given up.
    await expect(ask('late')).rejects.toThrow('no answer within 200 ms');
    expect(holder.isLost).toBe(false);
  });

  it('notices that its program ended, once, and tells all who wait with its last words', async () => {
    const { holder, ask, lost } = open();
    const asked = [ask('silent'), ask('end')];
    const results = await Promise.allSettled(asked);
    expect(results.map((one) => (one.status === 'rejected' ? String(one.reason) : 'answered'))).toEqual(
      Array(2).fill('Error: out of order'),
    );
    expect(holder.isLost).toBe(true);
    await expect(ask('again')).rejects.toThrow('out of order');
    expect(lost).toEqual([1]);
  });

  it('notices a program that ends without a word and without being asked', async () => {
    const { holder, lost, ask } = open({ hold: 'exit 0' });
    await until(() => holder.isLost);
    expect(lost).toEqual([1]);
    await expect(ask('x')).rejects.toThrow('it ended');
  });

  it('is lost once, though it says so and then ends', async () => {
    const mark = join(folder, 'twice');
    const { holder, lost } = open({ hold: `echo "said so" >&2; echo lhf-lost >&2; echo $$ > ${mark}; exit 0` });
    await until(
      () =>
        holder.isLost &&
        existsSync(mark) &&
        readFileSync(mark, 'utf8') !== '' &&
        !existsSync(`/proc/${readFileSync(mark, 'utf8').trim()}`),
    );
    await new Promise(setImmediate);
    expect(lost).toEqual([1]);
  });
});

const hello = `await holder.ask('hello\\n', read);`;

const script = (asks: string, timeoutMs = 10_000, bridge = ''): string => `
import { Holder } from './src/lifecycle/holder.ts';
import { privilegesOf } from './src/privilege/privileges.ts';
const [, mark] = process.argv;
const read = (received) => received.includes('.\\n') ? { answer: received, rest: '' } : undefined;
const holder = new Holder({
  session: 's', nonce: 'zzzzz', privileges: privilegesOf({ kind: 'root' }), environment: {}, timeoutMs: ${timeoutMs}, onLost() {},
  program: ${JSON.stringify(`lhf_hold() {\n${hold}\n}\n`)} + 'lhf_release() { echo "$$" > "$1"; echo ${bridge}; }', programArguments: [mark],
});
${asks}
console.log('asked');`;

describe('a process with a holder', () => {
  it.each([
    ['has its answer', hello, 10_000],
    ['waits no longer', `await holder.ask('silent\\n', read).catch(() => undefined);`, 100],
  ])('ends by itself when it %s, and its rules are released', async (name, asks, timeoutMs) => {
    const mark = join(folder, name);
    await using child = spawnScript({ source: script(asks, timeoutMs), args: [mark] });
    expect(await within(20_000, 'the process to end by itself', child.exit)).toEqual({ code: 0, signal: null });
    expect(child.lines).toContain('asked');
    await until(() => existsSync(mark));
  });

  it('stays while it waits for an answer', async () => {
    await using child = spawnScript({
      source: script(`await holder.ask('silent\\n', read).catch((error) => console.log(error.message));`, 100),
      args: [join(folder, 'wait')],
    });
    expect(await child.waitForLine(/no answer/)).toBe('no answer within 100 ms');
  });

  it.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'that is ended by %s, with its whole group, has its rules released',
    async (signal) => {
      const mark = join(folder, signal);
      await using child = spawnScript({
        source: script(`${hello} setInterval(() => undefined, 1000);`),
        args: [mark],
        detached: true,
      });
      await child.waitForLine('asked');
      expect(existsSync(mark)).toBe(false);
      expect(await child.killGroup(signal)).toEqual({ code: null, signal });
      await until(() => existsSync(mark) && readFileSync(mark, 'utf8') !== '');
      // The shell goes on to nothing: no bridge was open.
      const pid = Number(readFileSync(mark, 'utf8'));
      await until(() => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
    },
  );

  it('whose guardian cannot work has its shell leave word of that, for this user alone', async () => {
    const words = join(folder, 'words');
    mkdirSync(words);
    await using child = spawnScript({
      source: script(hello, 10_000, 'lhf-zzzzz000'),
      args: [join(folder, 'guardian')],
      env: { TMPDIR: words },
    });
    await child.exit;
    const file = join(words, `localhost-forward-${process.getuid?.()}`, 's.json');
    await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      session: 's',
      stays: [
        {
          what: 'what it had on lhf-zzzzz000',
          why: expect.stringMatching(/^its guardian ended with code 1: .*Error: s is no session/) as string,
        },
      ],
    });
    expect([dirname(file), file].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  });

  it('gives its guardian each bridge as a word, the loader of Yarn’s Plug’n’Play, and nothing else of NODE_OPTIONS', async () => {
    const loader = join(folder, '.pnp.cjs');
    writeFileSync(
      loader,
      `require('fs').appendFileSync(${JSON.stringify(join(folder, 'loaded'))}, JSON.stringify([process.argv[1], process.argv.slice(2), process.execArgv, process.env.NODE_OPTIONS ?? null]) + '\\n')`,
    );
    await using child = spawnScript({
      source: script(hello, 10_000, 'lhf-zzzzz000; echo lhf-zzzzz001'),
      args: [join(folder, 'pnp')],
      env: { NODE_OPTIONS: `--require ${loader} --no-warnings`, TMPDIR: folder },
    });
    await child.exit;
    const loaded = (): unknown[][] =>
      readFileSync(join(folder, 'loaded'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown[]);
    const guardian = await until(() => loaded().find(([file]) => String(file).endsWith('guardian.ts')));
    expect(guardian.slice(1)).toEqual([['s', '', 'lhf-zzzzz000', 'lhf-zzzzz001'], [`--require=${loader}`], null]);
  });
});
