import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installFor, triedGenerations, type Generation } from './support/installs.ts';
import { makeProject, type Files } from './support/projects.ts';

/** One file per entry, as strict users write them; what must not compile says so itself. */
const files: Files = {
  'library.ts': `
import { isLocalhostForwardError, joinLocalhostForward, openLocalhostForward, sweep, withLocalhostForward, type LocalhostForward } from 'localhost-forward';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';

export const url: Promise<string> = withLocalhostForward([8088, { hostPort: 0, containerPort: 80 }], { verify: { timeoutMs: 100 } }, async (net) => net.url());
export const use = async (): Promise<LocalhostForward> => {
  await using net = await openLocalhostForward(8088, { listener: (request, response) => void response.end(request.url) });
  const started: StartedTestContainer = await net.applyTo(new GenericContainer('image')).withCommand(['true']).start();
  await started.stop();
  return joinLocalhostForward(net.toJSON());
};
export const codeOf = (error: unknown): string | undefined => (isLocalhostForwardError(error) ? error.code : undefined);
export const removed = sweep().then((report) => report.removed.map(({ name }) => name));
// @ts-expect-error A port is no text.
void openLocalhostForward('8088');
// @ts-expect-error There is no such option.
void openLocalhostForward(8088, { verfy: false });
`,
  'vitest.ts': `
import { test as base, expect } from 'vitest';
import { forwardFixture, globalForward, injectForward } from 'localhost-forward/vitest';
import 'localhost-forward/vitest/matchers';
import type { TestProject } from 'vitest/node';
import type { LocalhostForward } from 'localhost-forward';

const test = base.extend<{ net: LocalhostForward }>({ net: forwardFixture(8088, { scope: 'file' }) });
test('is typed', async ({ net }) => {
  await expect(net).toBeReachableFromContainer({ port: 8088, timeoutMs: 2000 });
  await expect(net).not.toHaveBeenReached({ port: 8088 });
  await expect(injectForward()).toLeaveNoTrace();
  // @ts-expect-error A port is no text.
  await expect(net).toHaveBeenReached({ port: '8088' });
});
const withServer = base.extend<{ server: { port: number } }>({ server: async ({}, use) => use({ port: 8088 }) });
const other = withServer.extend<{ net: LocalhostForward }>({ net: forwardFixture(({ server }: { server: { port: number } }) => server.port, { scope: 'test' }) });
other('is typed', async ({ net }) => {
  await expect(net).toHaveBeenReached({ port: 8088, times: 2, withinMs: 5000 });
});
export const late = globalForward(async () => [8088]);
const setUp: (project: TestProject) => Promise<() => Promise<void>> = globalForward(8088);
export default setUp;
`,
  'playwright.ts': `
import { test as base } from '@playwright/test';
import { expect, forwardFixture, test } from 'localhost-forward/playwright';
import type { LocalhostForward } from 'localhost-forward';

test.use({ localhostForward: { ports: [8088], listener: true } });
test('is typed', async ({ net, browserName }) => {
  await expect(net).toBeReachableFromContainer({ port: 8088, timeoutMs: 2000 });
  await expect(net).not.toHaveBeenReached({ port: 8088 });
  expect(browserName).toBe((await net.nextRequest()).path);
});
// @ts-expect-error There is no such option.
test.use({ localhostForward: { ports: [8088], listen: true } });
const withServer = base.extend<{ server: { port: number } }>({ server: async ({}, use) => use({ port: 8088 }) });
const own = withServer.extend<{ net: LocalhostForward }, { shared: LocalhostForward }>({
  net: forwardFixture(({ server }: { server: { port: number } }) => server.port),
  shared: forwardFixture(8088, { scope: 'worker' }),
});
own('is typed', async ({ net, shared }) => void [net.url(), shared.url()]);
`,
  'jest.ts': `
import { describe, expect, test } from '@jest/globals';
import type { Config } from 'jest';
import { forwardAddress, useLocalhostForward } from 'localhost-forward/jest';
import { globalSetup, globalTeardown } from 'localhost-forward/jest/global';
import setUp from 'localhost-forward/jest/global-setup';
import tearDown from 'localhost-forward/jest/global-teardown';
import preset from 'localhost-forward/jest/jest-preset';
import 'localhost-forward/jest/matchers';

const net = useLocalhostForward(() => 8088);
test('is typed', async () => {
  await expect(net).toBeReachableFromContainer({ port: 8088, timeoutMs: 2000 });
  await expect(net).toHaveBeenReached({ times: 2, withinMs: 100 });
  await expect(forwardAddress()).not.toHaveBeenReached();
  await expect(net).toLeaveNoTrace();
  // @ts-expect-error A port is no text.
  await expect(net).toHaveBeenReached({ port: '8088' });
});
describe('set-up', () => void [globalSetup, globalTeardown, setUp, tearDown]);
export const config: Config = { ...preset, testEnvironmentOptions: { localhostForward: { ports: [8088] } } };
`,
};

/** Each runner's matchers alone: the other runner's expect() does not know them. */
const apart: Files = {
  'only-jest.ts': `
import 'localhost-forward/jest/matchers';
import { expect } from 'vitest';
// @ts-expect-error Not Vitest's.
void expect({}).toLeaveNoTrace();
`,
  'only-vitest.ts': `
import 'localhost-forward/vitest/matchers';
import { expect } from '@jest/globals';
// @ts-expect-error Not Jest's.
void expect({}).toLeaveNoTrace();
`,
};

// The newest is also the fastest; all of them in the matrix.
const compilers: Record<Generation, readonly string[]> = {
  newest: triedGenerations.includes('before') ? ['typescript-7', 'typescript'] : ['typescript-7'],
  before: ['typescript', 'typescript-6'],
};
const resolutions = [
  { module: 'node16', moduleResolution: 'node16' },
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
] as const;

// DOM environments, which Vitest’s types name where they are installed, and older Playwrights do not compile with all libraries checked.
const foreign = /^\S*node_modules\/(?:@types\/jsdom|happy-dom|playwright-core)\/.*\n(?: .*\n)*/gm;

const strict = {
  target: 'es2023',
  lib: ['es2023', 'esnext.disposable', 'dom'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noEmit: true,
  // Each of our own declarations is checked where all entries are compiled; elsewhere those of the runners would be read through again.
  skipLibCheck: true,
};
const librariesChecked = { skipLibCheck: false };

describe.each(triedGenerations)('types, %s', (generation) => {
  const compile = async (compiler: string, sources: Files, options: object, type: 'module' | 'commonjs' = 'module') => {
    const tsconfig = JSON.stringify({ compilerOptions: { ...strict, ...options }, files: Object.keys(sources) });
    await using project = await makeProject(generation, {
      ...sources,
      'tsconfig.json': tsconfig,
      'package.json': JSON.stringify({ type }),
    });
    const { exitCode, output } = await project.run(`${compiler}/bin/tsc`, ['-p', '.'], { timeoutMs: 240_000 });
    const said = output.replaceAll(join(await installFor(generation), ''), '').replaceAll(foreign, '');
    return { exitCode: said.trim() === '' && output.trim() !== '' ? 0 : exitCode, output: said };
  };

  test.each(compilers[generation].flatMap((compiler) => resolutions.map((options) => [compiler, options] as const)))(
    '%s, %o: every entry compiles strictly, libraries checked',
    async (compiler, options) => {
      expect(await compile(compiler, files, { ...options, ...librariesChecked })).toEqual({
        exitCode: 0,
        output: '\n',
      });
    },
  );

  test('a CommonJS project compiles against the CommonJS types', async () => {
    const { 'library.ts': library = '', 'jest.ts': jest = '' } = files;
    expect(
      await compile(
        compilers[generation][0] ?? '',
        { 'library.ts': library, 'jest.ts': jest },
        { ...resolutions[0], ...librariesChecked },
        'commonjs',
      ),
    ).toEqual({ exitCode: 0, output: '\n' });
  });

  test('what a set-up file exports has types that can be named', async () => {
    const sources = {
      'set-up.ts': `
import { forwardFixture, globalForward } from 'localhost-forward/vitest';
export const net = forwardFixture(8088);
export default globalForward(8088);
`,
      'own-vitest.ts': `
import { matchers } from 'localhost-forward/vitest/matchers';
export const all = matchers;
`,
      'own-jest.ts': `
import { matchers } from 'localhost-forward/jest/matchers';
export const all = matchers;
`,
      'own-playwright.ts': `
import { expect as ours, forwardFixture, test as base } from 'localhost-forward/playwright';
export const fixture = forwardFixture(8088);
export const expect = ours;
export const more = ours.extend({ toBeFine: (received: unknown) => ({ pass: received === 1, message: () => 'fine' }) });
export const test = base.extend<{ port: number }>({ port: 8088 });
`,
      'docker.ts': `
import Docker from 'dockerode';
import { openLocalhostForward } from 'localhost-forward';
export const one = openLocalhostForward(8088, { docker: new Docker() });
export const other = (options: Docker.DockerOptions) => openLocalhostForward(8088, { docker: options });
// @ts-expect-error There is no such key.
void openLocalhostForward(8088, { docker: { sockPath: '/x' } });
// @ts-expect-error An address is no engine.
void openLocalhostForward(8088, { docker: 'unix:///x' });
`,
    };
    const options = { ...resolutions[0], declaration: true };
    expect(await compile(compilers[generation][0] ?? '', sources, options)).toEqual({ exitCode: 0, output: '\n' });
  });

  // What ts-jest resolves by where a project says `"module": "commonjs"`; TypeScript 7 has it no more.
  test('every entry resolves as in the days before `exports`', async () => {
    const ignoreDeprecations = generation === 'newest' ? '6.0' : '5.0';
    const options = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations, skipLibCheck: true };
    const texts = Object.entries(files).filter(([name]) => name !== 'vitest.ts');
    const entries = `
import type { LocalhostForward } from 'localhost-forward';
import { forwardFixture } from 'localhost-forward/vitest';
import 'localhost-forward/vitest/matchers';
export const [open]: [unknown, { scope: 'test' | 'file' | 'worker' }] = forwardFixture(8088);
export const idOf = ({ id }: LocalhostForward): string => id;
`;
    const sources = { ...(Object.fromEntries(texts) as Files), 'entries.ts': entries };
    expect(await compile('typescript', sources, options, 'commonjs')).toEqual({ exitCode: 0, output: '\n' });
  });

  test('Jest’s types may come from @types/jest', async () => {
    const text = `
import { useLocalhostForward } from 'localhost-forward/jest';
import 'localhost-forward/jest/matchers';
test('is typed', async () => {
  await expect(useLocalhostForward(8088)).toHaveBeenReached({ port: 8088 });
  // @ts-expect-error There is no such matcher.
  expect(1).toHaveBeenReachedBy();
});
`;
    const options = { ...resolutions[0], types: ['node', 'jest'] };
    expect(await compile(compilers[generation][0] ?? '', { 'globals.ts': text }, options)).toEqual({
      exitCode: 0,
      output: '\n',
    });
  });

  // Vitest 4 takes over whatever the global jest.Matchers has, by its own choice.
  test.each(Object.keys(apart).filter((name) => generation === 'newest' || name !== 'only-jest.ts'))(
    '%s: the matchers of one runner are not the other’s',
    async (name) => {
      expect(await compile(compilers[generation][0] ?? '', { [name]: apart[name] ?? '' }, resolutions[0])).toEqual({
        exitCode: 0,
        output: '\n',
      });
    },
  );

  // Whoever imports the entry for Playwright has Playwright: its `test` is a type of that package's.
  test('types ask for nothing that users need not have', async () => {
    const folder = join(await installFor(generation), 'node_modules/localhost-forward/dist');
    const names = (await readdir(folder)).filter((name) => /\.d\.c?ts$/.test(name));
    const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
    const asked = texts.flatMap((text) =>
      Array.from(text.matchAll(/^(?:import|export) .*\bfrom ["']([^."'][^"']*)["']/gm), ([, name]) => name),
    );
    expect([...new Set(asked)].filter((name) => name?.startsWith('node:') !== true)).toEqual(['@playwright/test']);
  });
});
