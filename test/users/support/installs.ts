// Real projects of users: the package as `npm pack` makes it, beside a runner's packages from the registry.
//   node test/users/support/installs.ts [before]    installs what the tests need, where it is not there yet
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../support/children.ts';
import { execHere, outputOf } from '../../support/run.ts';
import { installByManagers } from './managers.ts';
import { dependencies, packInto, programsOf } from './pack.ts';

/** The runners' current majors, and the ones before. */
export const generations = {
  newest: [
    'vitest@5.1.1',
    'jest@30.5.2',
    'ts-jest@29.4.15',
    'testcontainers@12.2.0',
    'typescript@6.0.3',
    'typescript-7@npm:typescript@7.0.2',
    '@types/node@24.10.1',
    '@types/jest@30.0.0',
    'jest-environment-jsdom@30.5.2',
    'jsdom@31.0.1',
    'happy-dom@21.0.4',
    'sinon@22.1.0',
    'nock@15.0.6',
    'msw@3.0.5',
    '@playwright/test@1.65.1',
    'mocha@12.0.3',
    'pngjs@7.0.0',
  ],
  before: [
    'vitest@4.1.12',
    'jest@29.7.0',
    'ts-jest@29.4.15',
    'testcontainers@11.9.0',
    'typescript@5.9.3',
    'typescript-6@npm:typescript@6.0.3',
    '@types/node@24.10.1',
    '@types/jest@29.5.14',
    'jest-environment-jsdom@29.7.0',
    'jsdom@26.1.0',
    'happy-dom@20.0.0',
    'sinon@21.0.0',
    'nock@14.0.10',
    'msw@2.11.5',
    '@playwright/test@1.56.1',
    'mocha@11.7.5',
    'pngjs@7.0.0',
  ],
} as const;

export type Generation = keyof typeof generations;

/** What this run tries: the newest, and with `LHF_MATRIX=all` the ones before as well. */
export const triedGenerations: readonly Generation[] =
  process.env['LHF_MATRIX'] === 'all' ? ['newest', 'before'] : ['newest'];

const installed = new Map<Generation, Promise<string>>();

/** The folder with a generation's `node_modules`, the package of this moment in it. */
export const installFor = (generation: Generation): Promise<string> => {
  // Whoever runs several of these tests at once has installed all beforehand.
  if (process.env['LHF_USERS_INSTALLED'] === '1') return Promise.resolve(folderOf(generation));
  const known = installed.get(generation) ?? install(generation);
  installed.set(generation, known);
  return known;
};

const install = async (generation: Generation): Promise<string> => {
  const folder = folderOf(generation);
  if (!existsSync(folder)) await installPackages(generation, folder);
  await unpackHere(folder);
  await linkPrograms(folder);
  return folder;
};

// The package's own dependencies are installed with it; its code is unpacked anew each time.
const folderOf = (generation: Generation): string => {
  const what = JSON.stringify([generations[generation], dependencies, process.versions.modules]);
  return join(
    projectRoot,
    '.tools/users',
    `${generation}-${createHash('sha256').update(what).digest('hex').slice(0, 12)}`,
  );
};

const installPackages = async (generation: Generation, folder: string): Promise<void> => {
  console.error(`installing ${generations[generation].join(' ')} for the tests of users' projects`);
  const making = `${folder}.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    await writeFile(join(making, 'package.json'), '{ "name": "users", "private": true }\n');
    const tarball = await packInto(making);
    const flags = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await outputOf(execHere, ['npm', 'install', ...flags, '--ignore-scripts', tarball, ...generations[generation]], {
      cwd: making,
      timeoutMs: 300_000,
    });
    await rename(making, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
};

const unpackHere = async (folder: string): Promise<void> => {
  const place = join(folder, 'node_modules/localhost-forward');
  const tarball = await packInto(folder);
  const hash = createHash('sha256').update(readFileSync(tarball)).digest('hex');
  if (existsSync(join(place, `.${hash}`))) return;
  // What npm put beside it, since others here need other versions of the same packages, stays.
  const old = (await readdir(place)).filter((name) => name !== 'node_modules');
  await Promise.all(old.map((name) => rm(join(place, name), { recursive: true })));
  await outputOf(execHere, ['tar', '-xzf', tarball, '--strip-components=1', '-C', place]);
  await writeFile(join(place, `.${hash}`), '');
};

// As npm does it with what it installs.
const linkPrograms = async (folder: string): Promise<void> => {
  for (const [name, file] of Object.entries(programsOf)) {
    const program = join(folder, 'node_modules/localhost-forward', file);
    if (!existsSync(program)) continue;
    await chmod(program, 0o755);
    await rm(join(folder, 'node_modules/.bin', name), { force: true });
    await symlink(join('../localhost-forward', file), join(folder, 'node_modules/.bin', name));
  }
};

// Node 22 has no import.meta.main.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const generation of ['newest', ...(process.argv.includes('before') ? ['before' as const] : [])] as const) {
    // oxlint-disable-next-line no-await-in-loop -- One npm at a time.
    await install(generation);
  }
  await installByManagers();
}
