// Projects of users that other package managers installed: each lays packages out in its own way, and finds them in its own way.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { projectRoot } from '../../support/children.ts';
import { execHere, outputOf } from '../../support/run.ts';
import { packInto } from './pack.ts';

/** Their programs, as they are installed for these tests; and what projects have beside the package. */
const programs = ['pnpm@12.21.0', '@yarnpkg/cli-dist@4.18.1'];
const beside = { vitest: '5.1.1', vite: '8.3.8' };

export type Manager = 'pnpm' | 'yarn' | 'npm';

interface Way {
  /** Where in the project the package is used. */
  readonly app: string;
  /** What its manifest has for development. */
  readonly beside: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly install: readonly string[];
  /** Runs node, and the package's own program, as users of this manager do. */
  readonly node: readonly string[];
  readonly program: readonly string[];
  readonly runner: readonly string[];
}

const folder = join(
  projectRoot,
  '.tools/users',
  `managers-${createHash('sha256').update(JSON.stringify(programs)).digest('hex').slice(0, 12)}`,
);
const pnpm = [process.execPath, join(folder, 'node_modules/pnpm/bin/pnpm.mjs')];
const yarn = [process.execPath, join(folder, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js')];

const ways: Readonly<Record<Manager, Way>> = {
  // Links into a store of its own: nobody finds what its manifest does not name.
  pnpm: {
    app: '.',
    beside,
    files: { 'pnpm-workspace.yaml': '' },
    install: [...pnpm, 'install', '--ignore-scripts', '--prefer-offline', '--no-frozen-lockfile', '--reporter=silent'],
    node: [...pnpm, 'exec', 'node'],
    program: [...pnpm, 'exec', 'localhost-forward'],
    runner: [...pnpm, 'exec', 'vitest'],
  },
  // No node_modules at all: packages are in archives, which a loader finds that NODE_OPTIONS names.
  yarn: {
    app: '.',
    beside,
    files: {
      '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\nenableScripts: false\nenableImmutableInstalls: false\n',
      'yarn.lock': '',
    },
    install: [...yarn, 'install'],
    node: [...yarn, 'node'],
    program: [...yarn, 'localhost-forward'],
    runner: [...yarn, 'vitest'],
  },
  // A workspace, whose packages are the root's.
  npm: {
    app: 'packages/app',
    beside: {},
    files: {
      'package.json': '{ "private": true, "workspaces": ["packages/*"] }\n',
      'packages/lib/package.json': '{ "name": "lib", "private": true }\n',
    },
    install: ['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'],
    node: ['node'],
    program: ['npm', 'exec', '--', 'localhost-forward'],
    runner: [],
  },
};

export interface Managed {
  /** Runs a file of the project, or the package's program, to its end; its standard output. */
  node(file: string, ...args: readonly string[]): Promise<string>;
  program(...args: readonly string[]): Promise<string>;
  /** Vitest's tests in it, where it has that. */
  runner(): Promise<string>;
}

/** Installs for all of them, one after the other: where tests run, there is no registry. */
export const installByManagers = async (): Promise<void> => {
  const tarball = await pack();
  for (const manager of Object.keys(ways) as Manager[]) {
    const { app, install, ...way } = ways[manager];
    const place = join(folder, manager);
    const mark = join(place, 'installed');
    if (existsSync(mark) && readFileSync(mark, 'utf8') === tarball) continue;
    console.error(`installing the package by ${manager}`);
    // What a manager keeps for all projects is used again; what it laid out for another package is not.
    await rm(place, { recursive: true, force: true });
    const manifest = {
      name: 'app',
      private: true,
      dependencies: { 'localhost-forward': `file:${tarball}` },
      devDependencies: way.beside,
    };
    await write(place, { ...way.files, [join(app, 'package.json')]: `${JSON.stringify(manifest)}\n` });
    await outputOf(execHere, install, { cwd: place, env: await environmentOf(), timeoutMs: 300_000 });
    await writeFile(mark, tarball);
  }
};

/** A project that a manager installed, with the package of this moment. */
export const manage = async (manager: Manager, files: Readonly<Record<string, string>>): Promise<Managed> => {
  if (process.env['LHF_USERS_INSTALLED'] !== '1') await installByManagers();
  const { app, ...way } = ways[manager];
  const place = join(folder, manager, app);
  await write(place, files);
  const env = await environmentOf();
  const run = (argv: readonly string[]): Promise<string> =>
    outputOf(execHere, argv, { cwd: place, env, timeoutMs: 60_000 });
  return {
    node: (...args) => run([...way.node, ...args]),
    program: (...args) => run([...way.program, ...args]),
    runner: () => run([...way.runner, 'run']),
  };
};

const write = async (place: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(place, name)), { recursive: true });
    await writeFile(join(place, name), text);
  }
};

/** The package of this moment, in a file whose name tells what is in it: managers keep what they have seen by name. */
const pack = async (): Promise<string> => {
  if (!existsSync(join(folder, 'node_modules/pnpm'))) {
    await write(folder, { 'package.json': '{ "name": "managers", "private": true }\n' });
    const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
    await outputOf(execHere, ['npm', 'install', ...flags, ...programs], { cwd: folder, timeoutMs: 300_000 });
  }
  const tarball = await packInto(folder);
  const hash = createHash('sha256').update(readFileSync(tarball)).digest('hex').slice(0, 12);
  const named = join(folder, `package-${hash}.tgz`);
  const old = (await readdir(folder)).filter((name) => /^package-\w+\.tgz$/.test(name) && join(folder, name) !== named);
  await Promise.all(old.map((name) => rm(join(folder, name))));
  await writeFile(named, readFileSync(tarball));
  await rm(tarball);
  return named;
};

// What Vitest and npm set for these tests is none of the user's run. Yarn is told the registry that npm has.
const environmentOf = async (): Promise<Record<string, string | undefined>> => {
  const foreign = Object.keys(process.env).filter((name) =>
    /^(NODE_ENV|NODE_OPTIONS|VITEST.*|TEST|CI|npm_.*|INIT_CWD)$/.test(name),
  );
  const registry = (await outputOf(execHere, ['npm', 'config', 'get', 'registry'])).trim();
  return {
    ...Object.fromEntries(foreign.map((name) => [name, undefined])),
    NO_COLOR: '1',
    YARN_NPM_REGISTRY_SERVER: registry,
    // No part of the project that it is in.
    YARN_IGNORE_PATH: '1',
  };
};
