import { describe, expect, it, vi } from 'vitest';
import { run } from '../../../src/command/run.ts';

const sh = (script: string): [string, ...string[]] => ['sh', '-c', script];

describe('run', () => {
  it.each([
    [
      'what it prints',
      sh('echo out; echo err >&2'),
      { stdout: 'out\n', stderr: 'err\n', exitCode: 0, failure: undefined },
    ],
    ['its exit code', sh('exit 3'), { exitCode: 3, failure: undefined }],
    [
      'a missing program',
      ['/nonexistent/nft', '-V'],
      { exitCode: undefined, failure: 'spawn /nonexistent/nft ENOENT', command: '/nonexistent/nft -V' },
    ],
    ['a program that may not run', ['/etc'], { exitCode: undefined, failure: 'spawn /etc EACCES' }],
    ['who was killed', sh('kill -9 $$'), { exitCode: undefined, failure: 'killed by SIGKILL' }],
    ['arguments as they are', ['printf', '%s|', 'a b', '$(id)', '', ';', '*'], { stdout: 'a b|$(id)||;|*|' }],
    ['no input', ['cat'], { stdout: '', exitCode: 0 }],
    [
      'a program that the system does not have',
      ['lhf-no-such-program', '-V'],
      { exitCode: undefined, failure: expect.stringMatching(/^no lhf-no-such-program in \/usr\/sbin, /) as string },
    ],
  ] as [string, [string, ...string[]], object][])('tells %s', async (_, argv, result) => {
    expect(await run(argv)).toMatchObject(result);
  });

  it('gives a program an environment of ours, and nothing of the user’s', async () => {
    vi.stubEnv('TERM', 'xterm-kitty-unknown');
    vi.stubEnv('LHF_TEST_USERS_OWN', '1');
    const { stdout } = await run(['env']).finally(() => vi.unstubAllEnvs());
    const names = stdout.trim().split('\n').toSorted();
    expect(names).toEqual(['HOME=/nonexistent', 'LC_ALL=C', expect.stringMatching(/^PATH=\/usr\/sbin:/), 'TERM=dumb']);
  });

  it('finds both a program and who gives it its privileges by their absolute paths', async () => {
    const { stdout, command } = await run(['sh', '-c', 'echo $0 $1', 'x', 'y'], { prefix: ['env', 'A=b'] });
    expect({ stdout, command }).toEqual({ stdout: 'x y\n', command: 'env A=b sh -c echo $0 $1 x y' });
    expect((await run(['cat', '/proc/self/cmdline'], { prefix: ['env', '-'] })).stdout).toMatch(/^\/\S*\/cat\0/);
    expect((await run(['true'], { prefix: ['lhf-no-sudo', '-n'] })).failure).toMatch(/^no lhf-no-sudo in /);
  });

  it('passes input', async () => {
    expect(await run(['cat'], { input: 'a\nb' })).toMatchObject({ stdout: 'a\nb', exitCode: 0 });
  });

  it('bears a program that reads no input', async () => {
    expect(await run(sh('exec <&-; exit 4'), { input: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 4 });
  });

  it('ends what takes too long', async () => {
    expect(await run(sh('echo begun; exec sleep 60'), { timeoutMs: 200 })).toMatchObject({
      exitCode: undefined,
      failure: 'took longer than 200 ms',
    });
  });
});
