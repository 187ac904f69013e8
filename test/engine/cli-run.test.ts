import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sweep } from '../../src/index.ts';
import { listForwards } from '../../src/leftovers/list-forwards.ts';
import { projectRoot, spawnScript } from '../support/children.ts';
import { startNode } from '../support/containers.ts';
import { requirePlace } from '../support/place.ts';
import { execHere } from '../support/run.ts';
import { listenTcp, type TcpAnswer } from '../support/services.ts';

// `localhost-forward run`: whatever ends the command, its exit code arrives and its forward is gone.
const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const isOpen = async (networkName: string): Promise<boolean> =>
  (await listForwards()).some((forward) => forward.networkName === networkName);

const script = (source: string): string[] => [process.execPath, '--eval', source];

// Counts its signals, says each, and ends at SIGTERM with how many SIGINT there were.
const counting = [process.execPath, `${projectRoot}test/engine/programs/counting.ts`];

const run = (...args: readonly string[]) =>
  spawnScript({ file: main, args: ['run', '0', '--no-verify', '--', ...args] });

/** The same on a terminal of its own, on which each line that is sent presses Ctrl+C and Enter. */
const runOnTerminal = (...command: readonly string[]) => {
  const words = [process.execPath, main, 'run', '0', '--no-verify', '--', ...command];
  return spawnScript({
    file: `${projectRoot}test/engine/programs/on-terminal.ts`,
    // `script` runs it by the user's shell, which must not stay in the foreground group and answer Ctrl+C itself.
    args: ['exec ' + words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')],
  });
};

describe('run', () => {
  it('refuses a service that the compose project does not have, before anything is opened', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lhf-run-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'compose.yaml'), 'services:\n  web:\n    image: x\n');
    const argv = [process.execPath, main, 'run', '0', '--compose', 'wbe', '--', 'echo', 'ran'];
    const { exitCode, stdout, stderr } = await execHere(argv, { cwd: folder });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`--compose wbe: no such service in ${join(folder, 'compose.yaml')}`);
  });

  it('refuses compose in the background, before anything is opened', async () => {
    const argv = [process.execPath, main, 'run', '0', '--', 'docker', 'compose', 'up', '-d'];
    const { exitCode, stdout, stderr } = await execHere(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(
      "'compose up -d' ends once all is started, and the forward with its command: leave '-d' away",
    );
  });

  it('says which command cannot be started, whatever the system has against it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lhf-run-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'file'), '');
    const argv = [process.execPath, main, 'run', '0', '--no-verify', '--', './file/x'];
    const { exitCode, stderr } = await execHere(argv, { cwd: folder });
    expect(stderr).toMatch(/localhost-forward run: cannot start '\.\/file\/x': .*ENOTDIR\n$/);
    expect(exitCode).toBe(126);
  });

  it('opens the forward that its environment names, for a service that listens already or later', async () => {
    await using service = await listenTcp();
    await using forward = spawnScript({
      file: main,
      args: [
        'run',
        `${service.port}:80`,
        '--no-verify',
        '--',
        ...script(`console.log(JSON.stringify(process.env)); process.stdin.resume();`),
      ],
    });
    const env = JSON.parse(await forward.waitForLine(/^\{/)) as Record<string, string>;
    const { LOCALHOST_FORWARD_NETWORK: networkName = '', LOCALHOST_FORWARD_URL: url = '' } = env;
    await using container = await startNode({
      networkName,
      extraHosts: [`${env['LOCALHOST_FORWARD_HOST']}:${env['LOCALHOST_FORWARD_GATEWAY']}`],
    });
    expect((await container.get<TcpAnswer>(url)).answer).toMatchObject({ marker: service.marker });
    await container.remove();
    forward.endInput();
    expect(await forward.exit).toEqual({ code: 0, signal: null });
    expect(await isOpen(networkName)).toBe(false);
  });

  it('passes SIGHUP on', async () => {
    await using forward = run(...counting);
    const [, network = ''] = (await forward.waitForLine(/^ready/)).split(' ');
    expect(await isOpen(network)).toBe(true);
    expect(await forward.kill('SIGHUP')).toEqual({ code: 41, signal: null });
    expect(await isOpen(network)).toBe(false);
  });

  it('leaves it to the command what SIGINT means', async () => {
    await using forward = run(...counting);
    const [, network = ''] = (await forward.waitForLine(/^ready/)).split(' ');
    for (const nth of [1, 2]) {
      forward.process.kill('SIGINT');
      await forward.waitForLine(`interrupt ${nth}`);
    }
    expect(await isOpen(network)).toBe(true);
    expect(await forward.kill('SIGTERM')).toEqual({ code: 22, signal: null });
  });

  it.each([
    [
      'tells what stays',
      /aborted by its signal: SIGINT\n {2}not undone: .*lhf-\w{8}.*stuck.*`localhost-forward sweep` removes it/,
    ],
    ['says nothing where nothing stays', /^$/],
  ])('interrupted while it opens, it %s', async (title, said) => {
    const { directory, socketPath } = requirePlace();
    const isStuck = title === 'tells what stays';
    const engine = createServer((asked, answer) => {
      const { method = '', url = '', headers } = asked;
      if (isStuck && method === 'DELETE' && url.includes('/networks/')) {
        answer.writeHead(500).end('{"message":"stuck"}');
        return;
      }
      const passed = request({ socketPath, method, path: url, headers }, (answered) => {
        answer.writeHead(answered.statusCode ?? 500, answered.headers);
        if (url.includes('/networks/create')) forward.process.kill('SIGINT');
        answered.pipe(answer);
      });
      asked.pipe(passed);
    });
    const between = join(directory, 'private/between.sock');
    await new Promise<void>((resolve) => engine.listen(between, resolve));
    onTestFinished(async () => {
      engine.closeAllConnections();
      engine.close();
      await sweep();
    });
    await using forward = spawnScript({
      file: main,
      args: ['run', '0', '--no-verify', '--', 'echo', 'ran'],
      env: { ...process.env, DOCKER_HOST: `unix://${between}` },
    });
    expect(await forward.exit).toEqual({ code: 130, signal: null });
    expect(forward.stderr()).toMatch(said);
    expect(forward.lines).toEqual([]);
  });

  it('tells which signal the command died of', async () => {
    await using forward = run(...script(`process.kill(process.pid, 'SIGKILL')`));
    expect(await forward.exit).toEqual({ code: 137, signal: null });
  });

  it.each([
    ['is not there', 'no-such-command', 127],
    ['cannot be executed', '/etc/passwd', 126],
  ])('says by its exit code, as a shell does, that a command %s', async (_, command, code) => {
    await using forward = run(command);
    expect(await forward.exit).toEqual({ code, signal: null });
    expect(forward.stderr()).toContain(`cannot start '${command}'`);
  });

  it('works in a folder that is gone', async () => {
    const leave = ['sh', '-c', 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"', 'sh'];
    const { stdout, stderr, exitCode } = await execHere(
      [...leave, process.execPath, main, 'run', '0', '--no-verify', '--', 'echo', 'ran'],
      { timeoutMs: 60_000 },
    );
    expect({ stdout, exitCode }, stderr).toEqual({ stdout: 'ran\n', exitCode: 0 });
  });

  it('leaves it to the command what Ctrl+C on a terminal means', async () => {
    await using terminal = runOnTerminal(...counting);
    const [, network = ''] = (await terminal.waitForLine(/^ready/)).trim().split(' ');
    terminal.send('Ctrl+C');
    await terminal.waitForLine(/interrupt 1/);
    terminal.send('Ctrl+C');
    await terminal.waitForLine(/interrupt 2/);
    expect(await isOpen(network)).toBe(true);
    process.kill(Number((await terminal.waitForLine(/^ready/)).trim().split(' ')[2]), 'SIGTERM');
    expect(await terminal.exit).toEqual({ code: 22, signal: null });
    expect(await isOpen(network)).toBe(false);
  });

  // A terminal signals its whole foreground group: passed on as well, Ctrl+C would arrive twice. A command in a session of
  // its own gets none from the terminal, so whatever it gets was passed on.
  it('passes Ctrl+C on a terminal on to nobody', async () => {
    await using terminal = runOnTerminal('setsid', ...counting);
    const [, , parent = ''] = (await terminal.waitForLine(/^ready/)).trim().split(' ');
    terminal.send('Ctrl+C');
    // The terminal echoes the key after it has sent the signal, and a process takes its signals in their order.
    await terminal.waitForLine(/\^C/);
    process.kill(Number(parent), 'SIGTERM');
    expect(await terminal.exit).toEqual({ code: 20, signal: null });
  });
});

describe('help', () => {
  const say = async (...args: string[]) => {
    const { stdout, exitCode } = await execHere([process.execPath, main, ...args]);
    return { stdout, exitCode };
  };
  it('is shown by its own name too, for a command that there is', async () => {
    expect(await say('help')).toEqual(await say('--help'));
    expect(await say('help', 'run')).toEqual(await say('run', '--help'));
    expect(await say('help', 'walk')).toEqual({ stdout: '', exitCode: 2 });
  });
});

describe('an interrupted check', () => {
  it('takes down what is open, and says so by its exit code', async () => {
    await using smoke = spawnScript({ file: main, args: ['smoke'] });
    await smoke.waitForLine(/^✓ network/);
    expect(await smoke.kill('SIGINT')).toEqual({ code: 130, signal: null });
    expect(smoke.lines.at(-1)).toMatch(/^✓ nothing left/);
    expect(smoke.stderr()).toContain('SIGINT');
  });
});

describe('smoke', () => {
  it('runs each strategy that is available', async () => {
    const { stdout, stderr, exitCode } = await execHere([process.execPath, main, 'smoke', '--strategy', 'all'], {
      timeoutMs: 60_000,
      env: { NO_COLOR: '1' },
    });
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout).toMatch(
      /^nftables\n✓ [^]*^iptables\n✓ [^]*^relay\n✓ [^]*^sidecar\n✓ [^]*^Works: nftables, iptables, relay, sidecar, \d+ ms\n$/m,
    );
    // In a pipe nothing turns and nothing is coloured.
    expect(stdout).not.toMatch(/[\r\x1b⠋]/);
  });

  it('proves a UDP port', async () => {
    const { stdout, stderr, exitCode } = await execHere([process.execPath, main, 'smoke', '--port', '0:53/udp'], {
      timeoutMs: 60_000,
    });
    expect(exitCode, stdout + stderr).toBe(0);
  });

  it('calls a service that listens for everybody, and does not take that for a leak', async () => {
    await using service = await listenTcp({ host: '0.0.0.0' });
    const { stdout, stderr, exitCode } = await execHere(
      [process.execPath, main, 'smoke', '--port', String(service.port)],
      { timeoutMs: 60_000 },
    );
    expect(exitCode, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/accepted the connection/);
    expect(stdout).toMatch(/not tried: something listens on 0\.0\.0\.0/);
  });
});
