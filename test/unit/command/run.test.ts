import { describe, expect, it } from 'vitest';
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
    ['English, and no home to write to', sh('echo $LC_ALL $HOME'), { stdout: 'C /nonexistent\n' }],
    ['where administrators’ tools are', sh('case $PATH in *:/usr/sbin:*) echo there;; esac'), { stdout: 'there\n' }],
  ] as [string, [string, ...string[]], object][])('tells %s', async (_, argv, result) => {
    expect(await run(argv)).toMatchObject(result);
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
