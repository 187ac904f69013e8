import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

// The action's script, with a stand-in for npx, which would ask the registry for a published version.
const script = fileURLToPath(new URL('../../script/smoke-action.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lhf-unit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (says: string, exitCode: number, env: Record<string, string> = {}) => {
  const [output, npx, said] = [join(folder, 'output'), join(folder, 'npx'), join(folder, 'says')];
  writeFileSync(output, '');
  writeFileSync(said, says);
  writeFileSync(npx, `#!/bin/sh\necho "$@" >&2\ncat '${said}'\nexit ${exitCode}\n`);
  chmodSync(npx, 0o755);
  const { stdout, stderr, status } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { PATH: `${folder}:/usr/bin:/bin`, GITHUB_OUTPUT: output, ...env },
  });
  return { stdout, asked: stderr, status, output: readFileSync(output, 'utf8') };
};

const steps = [
  { name: 'network', ok: true, ms: 97.4, detail: 'lhf-abcde001 198.18.0.0/28' },
  { name: 'request', ok: true, ms: 12, detail: 'host.docker.internal:80 answered' },
];

it('prints the list, and not the document', () => {
  const says = JSON.stringify({ ok: true, strategy: 'nftables', steps });
  expect(run(says, 0, { INPUT_PORTS: '8088, 9090' })).toEqual({
    stdout:
      '✓ network          97 ms  lhf-abcde001 198.18.0.0/28\n✓ request          12 ms  host.docker.internal:80 answered\n'.repeat(
        2,
      ),
    asked: ['8088', '9090']
      .map((port) => `--yes localhost-forward@latest smoke --json --strategy auto --port ${port}\n`)
      .join(''),
    status: 0,
    output: 'ok=true\nstrategy=nftables\n',
  });
});

it.each([
  ['true', ' --hermetic'],
  ['True', ' --hermetic'],
  ['false', ''],
  ['', ''],
])('hands the input hermetic %j on', (input, word) => {
  const says = JSON.stringify({ ok: true, strategy: 'nftables', steps });
  const { asked } = run(says, 0, { INPUT_HERMETIC: input });
  expect(asked).toBe(`--yes localhost-forward@latest smoke --json --strategy auto${word}\n`);
});

it('tells why it failed', () => {
  const failure = { message: 'Nothing listens', evidence: ['seen'], try: 'ss -lntp' };
  const { stdout, status, output } = run(JSON.stringify({ ok: false, strategy: null, steps: [], failure }), 1);
  expect(stdout).toBe('Nothing listens\nseen\nTry: ss -lntp\n');
  expect({ status, output }).toEqual({ status: 1, output: 'ok=false\nstrategy=\n' });
});

it('prints what is no document as it is', () => {
  expect(run('npm error 404\n', 1)).toMatchObject({ stdout: 'npm error 404\n', status: 1 });
});

it('takes no other word for hermetic, and proves nothing then', () => {
  expect(run('{}', 0, { INPUT_HERMETIC: 'yes' })).toEqual({
    stdout: "Expected the input hermetic to be 'true' or 'false', got 'yes'\n",
    asked: '',
    status: 1,
    output: 'ok=false\nstrategy=\n',
  });
});

it('says so where there is no npx, and that it did not pass', () => {
  const { stdout, status, output } = run('{}', 0, { PATH: '/nonexistent' });
  expect({ status, output }).toEqual({ status: 1, output: 'ok=false\nstrategy=\n' });
  expect(stdout).toMatch(/^npx cannot be run: .*ENOENT/);
});
