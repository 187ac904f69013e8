import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot, spawnScript, type Script } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { spawnHere, type Spawn } from '../support/run.ts';
import { until } from '../support/until.ts';

/*
 * What processes have around them in the field: nobody's environment is as tidy as the one that tests are written in. Each opens a forward
 * by what is installed, proves it, closes it, and has its guardian remove another; or says with a code why it cannot.
 */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lhf-around-'));
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'loaded.cjs'), `process.env.LOADED = 'yes';`);
  await writeFile(join(folder, 'loaded.mjs'), `process.env.IMPORTED = 'yes';`);
  await writeFile(join(folder, 'hooks.mjs'), `export const resolve = (word, context, next) => next(word, context);`);
  await mkdir(join(folder, 'with space'));
  await symlink(join(folder, 'with space'), join(folder, 'linked'));
  await writeFile(join(folder, 'with space/life.mjs'), life);
});
afterAll(() => rm(folder, { recursive: true }));

const life = `
import { createServer } from 'node:http';
const before = process.env.BEFORE;
if (before) new Function('process', before)(process);
const { openLocalhostForward, doctor, sweep } = await import('${projectRoot}dist/index.js');
try {
  const net = await openLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: true });
  await net.verify();
  await net.forward({ hostPort: 1, containerPort: 81 });
  const { finding } = await net.diagnose({ port: 81 });
  await net.hits();
  await net.close();
  const { ok } = await doctor();
  const { failed } = await sweep();
  // Its guardian's.
  await openLocalhostForward([], { verify: false });
  console.log(JSON.stringify({ finding, ok, failed: failed.length }));
  process.kill(process.pid, 'SIGKILL');
} catch ({ name, code, message }) {
  console.log(JSON.stringify({ name, code, message }));
}
`;

interface Around {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Commands that each start the next one. */
  readonly enter?: readonly string[];
  readonly execArgv?: readonly string[];
  readonly cwd?: string;
  /** Run in the process before the package is loaded. */
  readonly before?: string;
  readonly file?: string;
}

const live = async ({ env, enter = [], execArgv, cwd, before, file }: Around): Promise<object> => {
  const spawn: Spawn = (argv, options) => spawnHere([...enter, ...argv], options);
  await using script: Script = spawnScript({
    file: file ?? join(folder, 'with space/life.mjs'),
    spawn,
    env: { ...env, ...(before !== undefined && { BEFORE: before }) },
    ...(execArgv && { execArgv }),
    ...(cwd !== undefined && { cwd }),
  });
  const outcome = JSON.parse(await script.waitForLine(/^\{/)) as object;
  await script.exit;
  return outcome;
};

const bySidecar = { LOCALHOST_FORWARD_STRATEGY: 'sidecar' };
const works = { finding: 'no-listener', ok: true, failed: 0 };
const sh = (script: string): string[] => ['sh', '-c', `${script}; exec "$@"`, 'around'];

// What a container started with `--user 12345` is to Node, shown in a process that has its rights still.
const nameless = `
  const os = process.getBuiltinModule('node:os');
  const none = () => { throw Object.assign(new Error('A system error occurred: uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' }); };
  Object.assign(os, { homedir: none, userInfo: none });
  process.getBuiltinModule('node:module').syncBuiltinESMExports();
`;

const permitted = [
  '--permission',
  '--allow-child-process',
  '--allow-fs-read=*',
  '--allow-fs-write=*',
  '--no-warnings',
  ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
];

const jitless = { execArgv: ['--jitless', '--no-warnings'] };

const loaded = (): string =>
  `--require ${folder}/loaded.cjs --import ${folder}/loaded.mjs --experimental-loader ${folder}/hooks.mjs --conditions=development --no-warnings --enable-source-maps`;

test('it works, each beside the others', async () => {
  const engine = process.env['DOCKER_HOST'] ?? '';
  const around: Readonly<Record<string, Around>> = {
    'nothing but where the engine is, in a folder that is gone': {
      enter: ['env', '-i', `DOCKER_HOST=${engine}`, ...sh('cd "$(mktemp -d)" && rmdir "$PWD"')],
    },
    'a folder behind a link, a home and all others nowhere, a file mode of nothing': {
      cwd: join(folder, 'linked'),
      env: { HOME: '/nowhere', XDG_CONFIG_HOME: '/nowhere', TMPDIR: '/nowhere', DOCKER_CONFIG: '/nowhere' },
      enter: sh('umask 777'),
    },
    'no home, relative temporary files, other languages, names of the prototype': {
      env: {
        HOME: '',
        TMPDIR: 'some/where',
        LC_ALL: 'tr_TR.UTF-8',
        LANG: 'ja_JP',
        TZ: 'No/Where',
        TERM: 'kitty',
        constructor: 'x',
      },
      enter: sh('umask 077'),
    },
    'a sidecar, and temporary files relative to a folder': { env: { ...bySidecar, TMPDIR: '.' }, cwd: folder },
    'a sidecar, and temporary files nowhere': { env: { ...bySidecar, TMPDIR: '/nowhere' } },
    'a number without a name, few files, signals ignored': {
      enter: sh('unset HOME USER LOGNAME; ulimit -n 80; trap "" INT HUP PIPE TERM'),
      before: nameless,
    },
    'no code made while it runs': jitless,
    'no code from text': { execArgv: ['--disallow-code-generation-from-strings'] },
    'an environment that nobody can change, and no standard error': {
      before: 'process.env = Object.freeze({ ...process.env })',
      enter: sh('exec 2>&-'),
    },
    'nobody who reads what is asked for, and a disk that is full': {
      env: { DEBUG: 'localhost-forward*' },
      enter: sh('exec 2> /dev/full'),
    },
    // Node starts no thread there.
    'a folder that is gone, and a thread': {
      env: { LOCALHOST_FORWARD_STRATEGY: 'relay' },
      enter: sh('cd "$(mktemp -d)" && rmdir "$PWD"'),
    },
    'loaders, hooks, conditions and files before it, no environment but this': {
      env: { NODE_OPTIONS: loaded() },
      before: 'process.env = { DOCKER_HOST: process.env.DOCKER_HOST }',
    },
    'rejections and deprecations as errors': { execArgv: ['--unhandled-rejections=strict', '--throw-deprecation'] },
    'all that --permission may allow': { execArgv: permitted },
  };
  const left = await snapshotHere();
  const all = Object.entries(around);
  const outcomes: [string, unknown][] = [];
  // Some at a time: more processes than a small machine starts in the time that one of them is waited for.
  for (let first = 0; first < all.length; first += 5)
    outcomes.push(
      ...(await Promise.all(
        // Whoever says nothing is named.
        all
          .slice(first, first + 5)
          .map(async ([name, one]): Promise<[string, unknown]> => [
            name,
            await live(one).catch((error: unknown) => error),
          ]),
      )),
    );
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(Object.keys(around).map((name) => [name, works])));
  await until(async () => renderDifference(left, await snapshotHere()) === '', { what: 'all of it to go' });
});

test('it says with a code why it cannot, before anything is done', async () => {
  const without = (flag: string): Around => ({ execArgv: permitted.filter((one) => !one.startsWith(flag)) });
  const withoutWebAssembly = /ssh2,[^]* no WebAssembly\nTry: node without --jitless$/;
  const cannot: readonly [Around, string, RegExp][] = [
    [
      without('--allow-child-process'),
      'LHF_ERR_PRIVILEGE',
      /runs with --permission[^]*it was started without --allow-child-process\nTry: node --permission --allow-child-process/,
    ],
    [
      without('--allow-fs-write'),
      'LHF_ERR_PRIVILEGE',
      /runs with --permission[^]*without --allow-fs-write\nTry: node --/,
    ],
    [
      { enter: sh('ulimit -n 32') },
      'LHF_ERR_SYSTEM',
      /may open too few files[^]*, and 32 may be\nTry: ulimit -n \$\(ulimit -Hn\)$/,
    ],
    [{ ...jitless, env: { DOCKER_HOST: 'ssh://nobody@127.0.0.1:1' } }, 'LHF_ERR_SYSTEM', withoutWebAssembly],
    [{ ...jitless, env: { LOCALHOST_FORWARD_STRATEGY: 'tunnel' } }, 'LHF_ERR_SYSTEM', withoutWebAssembly],
  ];
  const outcomes = await Promise.all(cannot.map(([around]) => live(around)));
  for (const [n, [, code, message]] of cannot.entries())
    expect(outcomes[n]).toEqual({
      name: 'LocalhostForwardError',
      code,
      message: expect.stringMatching(message) as string,
    });
});
