import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, spawnScript } from '../support/children.ts';
import { execHere, type ExecResult } from '../support/run.ts';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const cli = (args: readonly string[], env: Record<string, string | undefined> = {}): Promise<ExecResult> =>
  execHere([process.execPath, main, ...args], {
    timeoutMs: 60_000,
    env: { NO_COLOR: '1', FORCE_COLOR: undefined, GITHUB_ACTIONS: undefined, ...env },
  });

const validate = async (schema: string, text: string): Promise<unknown> => {
  const ajv = new Ajv2020({ strict: false });
  const check = ajv.compile(
    JSON.parse(await readFile(join(projectRoot, 'schema', `${schema}.json`), 'utf8')) as object,
  );
  const document: unknown = JSON.parse(text);
  expect(check(document), JSON.stringify(check.errors)).toBe(true);
  return document;
};

describe('smoke', () => {
  it.each(['nftables', 'iptables'])('works with %s, and its document fits its schema', async (strategy) => {
    const { stdout, stderr, exitCode } = await cli(['smoke', '--strategy', strategy, '--json']);
    expect(exitCode, stderr).toBe(0);
    expect(await validate('smoke', stdout)).toMatchObject({ ok: true, strategy, leftovers: [] });
  });

  it('tells its steps, a summary and a JUnit report', async () => {
    const [junit, summary, trace] = ['xml', 'md', 'json'].map((end) => join(tmpdir(), `lhf-${process.pid}.${end}`));
    const files = { junit: junit ?? '', summary: summary ?? '', trace: trace ?? '' };
    try {
      const { stdout, exitCode } = await cli(['smoke', '--junit', files.junit, '--trace', files.trace], {
        GITHUB_ACTIONS: 'true',
        GITHUB_STEP_SUMMARY: files.summary,
      });
      expect(exitCode, stdout).toBe(0);
      for (const step of ['network', 'rules', 'request', 'other ports', 'tear-down', 'nothing left'])
        expect(stdout).toMatch(new RegExp(`^✓ ${step} `, 'm'));
      expect(await readFile(files.junit, 'utf8')).toMatch(/<testsuite [^>]*failures="0"/);
      const { traceEvents } = JSON.parse(await readFile(files.trace, 'utf8')) as { traceEvents: { name: string }[] };
      const names = traceEvents.map(({ name }) => name).join('\n');
      // The steps, what the engine was asked for, and the rules' transaction.
      for (const what of [/^step tear-down$/m, /^network lhf-\w{8} [\d.]+\/27$/m, /^nft create table ip lhf_guard_/m])
        expect(names).toMatch(what);
      expect(await readFile(files.summary, 'utf8')).toContain('nftables');
    } finally {
      await Promise.all(Object.values(files).map((file) => rm(file, { force: true })));
    }
  });

  it('fails with one document where no engine answers', async () => {
    const { stdout, exitCode } = await cli(['smoke', '--json'], { DOCKER_HOST: 'unix:///nowhere.sock' });
    expect(exitCode).toBe(1);
    expect(await validate('smoke', stdout)).toMatchObject({
      ok: false,
      engine: null,
      failure: { code: 'LHF_ERR_DOCKER_UNAVAILABLE' },
    });
  });
});

describe('doctor, ls and sweep', () => {
  it('tell what is here', async () => {
    const doctor = await cli(['doctor', '--json']);
    expect(doctor.exitCode, doctor.stderr).toBe(0);
    expect(await validate('doctor', doctor.stdout)).toMatchObject({ ok: true, strategy: 'nftables' });
    expect((await cli(['doctor'])).stdout).toMatch(/✓ nftables/);
    expect((await cli(['doctor'], { DOCKER_HOST: 'unix:///nowhere.sock' })).exitCode).toBe(1);
  });

  it('list a forward with its owner, and spare it', async () => {
    const source =
      "import { openLocalhostForward } from 'localhost-forward'; const net = await openLocalhostForward({ hostPort: 0, containerPort: 80 }, { verify: false }); console.log(net.networkName); process.stdin.resume();";
    await using owner = spawnScript({ source });
    const name = await owner.waitForLine(/^lhf-/);
    const listed = JSON.parse((await cli(['ls', '--json'])).stdout) as {
      networkName: string;
      pid: number;
      alive: string;
    }[];
    expect(listed).toContainEqual(
      expect.objectContaining({ networkName: name, pid: owner.process.pid, alive: 'alive' }),
    );
    expect((await cli(['ls'])).stdout).toMatch(new RegExp(String.raw`^NETWORK +PORTS [^]*^${name} +\d+:80/tcp `, 'm'));
    const swept = await cli(['sweep', '--json']);
    expect(swept.exitCode, swept.stderr).toBe(0);
    expect(JSON.parse(swept.stdout)).toMatchObject({ failed: [] });
    expect((await cli(['ls'])).stdout).toContain(name);
  });

  it.each(['nftables', 'iptables', 'relay', 'sidecar'])('list the ports of now, with %s', async (strategy) => {
    const source = `import { openLocalhostForward } from 'localhost-forward';
const net = await openLocalhostForward({ hostPort: 8088, containerPort: 80 }, { verify: false, strategy: '${strategy}' });
console.log(net.networkName);
process.stdin.once('data', async () => {
  await net.forward({ hostPort: 53, protocol: 'udp' });
  await net.forward({ hostPort: 9000, containerPort: 81 });
  await net.unforward(80);
  console.log('changed');
});`;
    await using owner = spawnScript({ source });
    const name = await owner.waitForLine(/^lhf-/);
    const line = (ports: string): RegExp => new RegExp(`^${name} +${ports} +198`, 'm');
    expect((await cli(['ls'])).stdout).toMatch(line('8088:80/tcp'));
    owner.send('change');
    await owner.waitForLine(/^changed$/);
    const { stdout } = await cli(['ls']);
    expect(stdout).toMatch(line('(53:53/udp 9000:81/tcp|9000:81/tcp 53:53/udp)'));
    expect(stdout).not.toContain('8088:80');
  });

  it.each(['nftables', 'iptables'])(
    'claim nothing where an owner had no descriptor left to tell it, with %s',
    async (strategy) => {
      await using owner = spawnScript({
        file: `${projectRoot}test/engine/programs/no-descriptors.ts`,
        args: [strategy],
      });
      const name = await owner.waitForLine(/^lhf-/);
      const ports = async (): Promise<string | undefined> =>
        new RegExp(`^${name} +(.*?) +198`, 'm').exec((await cli(['ls'])).stdout)?.[1];
      expect(await ports()).toBe('8088:80/tcp 8089:81/tcp');
      owner.send('change');
      await owner.waitForLine('without EMFILE');
      expect(await ports()).toBe('8088:80/tcp 8089:81/tcp (at opening)');
      owner.endInput();
      expect(await owner.exit, owner.stderr()).toEqual({ code: 0, signal: null });
    },
  );
});

// Whoever reads a command's output may have seen enough after two lines.
describe('a reader that goes away', () => {
  it.each([
    ['smoke', 2],
    ['doctor', 1],
    ['ls', 0],
    ['--help', 1],
  ])('%s | head -n %i', async (command, lines) => {
    const pipe = `"$@" ${command} 2>"$ERRORS" | head -n ${lines}; cat "$ERRORS" >&2; exit "\${PIPESTATUS[0]}"`;
    const errors = join(tmpdir(), `lhf-${process.pid}-errors`);
    try {
      const { stderr, exitCode } = await execHere(['bash', '-c', pipe, 'bash', process.execPath, main], {
        timeoutMs: 60_000,
        env: { ERRORS: errors, NO_COLOR: '1' },
      });
      expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    } finally {
      await rm(errors, { force: true });
    }
  });
});

it('says that what it was to keep is lost on a full disk, and counts that', async () => {
  const { stderr, exitCode } = await execHere([
    'sh',
    '-c',
    'exec "$@" > /dev/full',
    'sh',
    process.execPath,
    main,
    'ls',
    '--json',
  ]);
  expect({ stderr, exitCode }).toEqual({
    stderr: 'localhost-forward: cannot write to standard output: ENOSPC: no space left on device, write\n',
    exitCode: 1,
  });
});

it.each([[['--help']], [['smoke', '--help']], [['run', '--help']]])(
  '%j keeps within a terminal of 60 columns, and breaks no word',
  async (args) => {
    const command = `stty cols 60; exec '${process.execPath}' '${main}' ${args.join(' ')}`;
    const { stdout } = await execHere(['script', '-qefc', command, '/dev/null'], { env: { NO_COLOR: '1' } });
    const lines = stdout.replaceAll('\r', '').split('\n');
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(60);
    expect(stdout).toMatch(/LOCALHOST_FORWARD_NETWORK|Exit code 2|--junit/);
  },
);

describe('run', () => {
  it('tells what it understood of a port, and where nothing listens', async () => {
    const { stderr, exitCode } = await cli(['run', '9444:80', '--no-verify', '--', 'true']);
    expect(stderr).toMatch(
      /^host\.docker\.internal:80 → 127\.0\.0\.1:9444\nwarning: nothing listens on 127\.0\.0\.1:9444 yet/,
    );
    expect(exitCode).toBe(0);
  });

  it('gives the command its environment and passes its exit code on', async () => {
    const { stdout, exitCode } = await cli([
      'run',
      '8088',
      '--',
      'sh',
      '-c',
      'echo "$LOCALHOST_FORWARD_URL $LOCALHOST_FORWARD_NETWORK"; exit 7',
    ]);
    expect(stdout).toMatch(/^http:\/\/host\.docker\.internal:8088 lhf-\w{8}$/m);
    expect(exitCode).toBe(7);
  });

  it('tells a command that cannot be started', async () => {
    const { stderr, exitCode } = await cli(['run', '0', '--no-verify', '--', '/nowhere/command']);
    expect(exitCode).toBe(127);
    expect(stderr).toContain('/nowhere/command');
  });

  it('passes a signal on, closes, and exits as the command did', async () => {
    await using run = spawnScript({
      file: main,
      args: [
        'run',
        '0',
        '--no-verify',
        '--',
        'sh',
        '-c',
        'trap "exit 9" TERM; echo ready "$LOCALHOST_FORWARD_NETWORK"; while :; do sleep 0.05; done',
      ],
    });
    const [, name = ''] = (await run.waitForLine(/^ready /)).split(' ');
    expect(await run.kill('SIGTERM')).toMatchObject({ code: 9 });
    expect((await cli(['ls'])).stdout).not.toContain(name);
  });
});

it.each([
  [[], 2],
  [['--help'], 0],
  [['smoke', '--help'], 0],
  [['run', '--help'], 0],
  [['--version'], 0],
  [['smok'], 2],
  [['smoke', '--strategy', 'magic'], 2],
  [['smoke', '--port', '70000'], 2],
  [['smoke', '--port', 'x'], 2],
  [['smoke', '--port', '8088', '--port', '9090'], 2],
  [['smoke', 'more'], 2],
  [['smoke', '--', 'ls'], 2],
  [['doctor', '--verbose'], 2],
  [['ls', 'x'], 2],
  [['sweep', '--al'], 2],
  [['run'], 2],
  [['run', '8088'], 2],
  [['run', 'x', '--', 'ls'], 2],
  [['run', '8088/sctp', '--', 'ls'], 2],
  [['run', '8088', '--hostname', 'a b', '--', 'ls'], 2],
] as const)('%j exits with %i', async (args, code) => {
  const { stdout, stderr, exitCode } = await cli(args, { DOCKER_HOST: 'unix:///nowhere.sock' });
  expect(exitCode, stderr).toBe(code);
  expect(stderr).toMatch(code === 2 ? /^localhost-forward[^\n]*: [^\n]+\nUsage: localhost-forward[^\n]*\n$/ : /^$/);
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
