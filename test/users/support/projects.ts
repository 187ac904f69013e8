import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { ensureTestImage, mountNode } from '../../support/containers.ts';
import { spawnScript, type Script } from '../../support/children.ts';
import { execHere } from '../../support/run.ts';
import { installFor, type Generation } from './installs.ts';

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

export interface RunResult {
  readonly exitCode: number;
  /** Standard output and standard error. */
  readonly output: string;
}

/** A user's project in a folder of its own; leaving the scope removes it. */
export interface Project extends AsyncDisposable {
  readonly folder: string;
  /** Runs a package's program, by its file under `node_modules`, to its end. */
  run(program: string, args?: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs one of the scripts in its package.json to its end. */
  npm(script: string, options?: RunOptions): Promise<RunResult>;
  /** Starts one, in a process group of its own. */
  start(program: string, args?: readonly string[], options?: RunOptions): Script;
}

export type Files = Readonly<Record<string, string>>;

// A runner that finds no configuration may look for one above.
const defaults: Files = { 'package.json': '{ "private": true }', 'vitest.config.mjs': 'export default {};' };

const here = dirname(fileURLToPath(import.meta.url));

/** Programs under `node_modules`. */
export const programs = {
  vitest: 'vitest/vitest.mjs',
  jest: 'jest/bin/jest.js',
  playwright: '@playwright/test/cli.js',
} as const;

/** Makes a project; each finds `ask-container.cjs` beside its tests. */
export const makeProject = async (generation: Generation, files: Files): Promise<Project> => {
  const install = await installFor(generation);
  await mkdir(join(install, 'projects'), { recursive: true });
  const folder = await mkdtemp(join(install, 'projects/project-'));
  await cp(join(here, 'ask-container.cjs'), join(folder, 'ask-container.cjs'));
  for (const [name, text] of Object.entries({ ...defaults, ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const environment = await environmentOf();
  const fileOf = (program: string): string =>
    join(program.startsWith('.') ? folder : join(install, 'node_modules'), program);
  const runHere = async (argv: readonly string[], { env, timeoutMs = 200_000 }: RunOptions): Promise<RunResult> => {
    const { exitCode, stdout, stderr } = await execHere(argv, {
      cwd: folder,
      env: { ...environment, ...env },
      timeoutMs,
    });
    return { exitCode, output: plain(`${stdout}\n${stderr}`) };
  };
  return {
    folder,
    run: (program, args = [], options = {}) => runHere([process.execPath, fileOf(program), ...args], options),
    // npm finds the programs of the folders above, as node finds their packages.
    npm: (script, options = {}) => runHere(['npm', 'run', '--silent', script], options),
    start: (program, args = [], { env } = {}) =>
      spawnScript({ file: fileOf(program), args, cwd: folder, env: { ...environment, ...env }, detached: true }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
};

let known: Promise<Record<string, string | undefined>> | undefined;

// What Vitest sets for these tests is none of the user's run.
const environmentOf = (): Promise<Record<string, string | undefined>> =>
  (known ??= (async () => {
    const [image, binds] = await Promise.all([ensureTestImage(new Docker()), mountNode()]);
    const foreign = Object.keys(process.env).filter((name) =>
      /^(NODE_ENV|NODE_OPTIONS|NODE_V8_COVERAGE|JEST_WORKER_ID|VITEST.*|TEST|DEV|PROD|SSR|MODE|CI|FORCE_COLOR)$/.test(
        name,
      ),
    );
    return {
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      NO_COLOR: '1',
      TESTCONTAINERS_RYUK_DISABLED: 'true',
      ASK_IMAGE: image,
      ASK_BINDS: JSON.stringify(binds),
    };
  })());

const plain = (text: string): string => text.replaceAll(/\u001B\[[\d;]*m/g, '');
