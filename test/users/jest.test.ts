import { beforeAll, describe, expect, it } from 'vitest';
import { userHelpers, writeProject, unpackPackage } from './support/project.ts';
import { leavingNothing } from './support/nothing-left.ts';

const jest = 'jest/bin/jest.js';

interface Run {
  readonly output: string;
  readonly exitCode: number;
}

const run = async (
  config: object,
  files: Record<string, string>,
  format: 'cjs' | 'esm' = 'cjs',
  args: readonly string[] = [],
): Promise<Run> => {
  const manifest = {
    name: 'project',
    private: true,
    ...(format === 'esm' ? { type: 'module' } : {}),
    jest: { testTimeout: 60_000, transform: {}, ...config },
  };
  await using project = await writeProject({
    'helpers.js': userHelpers(format),
    ...files,
    'package.json': JSON.stringify(manifest),
  });
  const flags = format === 'esm' ? ['--experimental-vm-modules', '--no-warnings'] : [];
  const { stdout, stderr, exitCode } = await leavingNothing(() => project.run(jest, ['--ci', ...args], { flags }));
  return { output: `${stdout}\n${stderr}`, exitCode };
};

beforeAll(() => unpackPackage());

const imports = (format: 'cjs' | 'esm', names: string, from: string): string =>
  format === 'esm' ? `import { ${names} } from '${from}';` : `const { ${names} } = require('${from}');`;

const perFile = (format: 'cjs' | 'esm'): string => `
${imports(format, 'useLocalhostForward', 'localhost-forward/jest')}
${imports(format, 'serve, fetchFrom', './helpers.js')}
const net = useLocalhostForward({ hostPort: 0, containerPort: 80 });
test('a container reaches us', async () => {
  const server = await serve(net.ports[0].hostPort);
  expect(await fetchFrom(net)).toMatchObject({ hello: process.pid });
  await new Promise((resolve) => server.close(resolve));
});
`;

const shared = (format: 'cjs' | 'esm'): string => `
${imports(format, 'forwardAddress', 'localhost-forward/jest')}
${imports(format, 'serve, fetchFrom', './helpers.js')}
test('a container reaches the forward of the set-up', async () => {
  const net = forwardAddress();
  const server = await serve(net.ports[0].hostPort);
  expect(await fetchFrom(net)).toMatchObject({ hello: process.pid });
  await expect(net).toBeReachableFromContainer({ port: 80 });
  await expect(net).toHaveBeenReached({ port: 80 });
  await new Promise((resolve) => server.close(resolve));
});
`;

const matchers = { setupFilesAfterEnv: ['localhost-forward/jest/matchers'] };
const ports = { testEnvironmentOptions: { localhostForward: { ports: [{ hostPort: 0, containerPort: 80 }] } } };

describe.each(['cjs', 'esm'] as const)('Jest with %s', (format) => {
  it('opens a forward per file', async () => {
    const files = Object.fromEntries([0, 1, 2].map((n) => [`f${n}.test.js`, perFile(format)]));
    const { output, exitCode } = await run({ maxWorkers: 2 }, files, format);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('3 passed');
  });

  it('opens one for the run by the preset, and adds matchers', async () => {
    const { output, exitCode } = await run(
      { preset: 'localhost-forward/jest', ...ports, ...matchers },
      { 'a.test.js': shared(format) },
      format,
    );
    expect(exitCode, output).toBe(0);
  });

  it('composes with a set-up of the user’s own', async () => {
    const exported = format === 'esm' ? 'export default' : 'module.exports =';
    const files = {
      'setup.js': `${imports(format, 'globalSetup', 'localhost-forward/jest/global')}\n${exported} async (...args) => { await globalSetup(...args); process.env.MINE = 'yes'; };`,
      'teardown.js': `${imports(format, 'globalTeardown', 'localhost-forward/jest/global')}\n${exported} async () => { await globalTeardown(); };`,
      'a.test.js': `${shared(format)}\ntest('mine too', () => expect(process.env.MINE).toBe('yes'));`,
    };
    const { output, exitCode } = await run(
      { globalSetup: './setup.js', globalTeardown: './teardown.js', ...ports, ...matchers },
      files,
      format,
    );
    expect(exitCode, output).toBe(0);
    expect(output).toContain('2 passed');
  });
});

describe('Jest', () => {
  it('shares one forward among eight workers', async () => {
    const test = `
const { forwardAddress } = require('localhost-forward/jest');
const { fetchFrom } = require('./helpers.js');
test('shared', async () => expect(await fetchFrom(forwardAddress(), forwardAddress().url(80))).toEqual({ served: 'globally' }));
`;
    const setup = `
const { globalSetup } = require('localhost-forward/jest/global');
module.exports = (globalConfig, projectConfig) => globalSetup(globalConfig, { testEnvironmentOptions: { localhostForward: {
  ports: [{ hostPort: 0, containerPort: 80 }], listener: (request, response) => response.end(JSON.stringify({ served: 'globally' })) } } });
`;
    const files = {
      'setup.js': setup,
      ...Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`w${n}.test.js`, test])),
    };
    const { output, exitCode } = await run(
      { globalSetup: './setup.js', globalTeardown: 'localhost-forward/jest/global-teardown', maxWorkers: 4 },
      files,
    );
    expect(exitCode, output).toBe(0);
    expect(output).toContain('8 passed');
  });

  it.each([
    ['a bad option', { ports: [8088], verfy: true }, 'testEnvironmentOptions.localhostForward'],
    ['a bad port', { ports: [70_000] }, 'testEnvironmentOptions.localhostForward.ports[0]'],
    ['no options at all', undefined, 'testEnvironmentOptions.localhostForward'],
    ['no privilege', { ports: [8088], privilege: 'none' }, 'Nobody here may install rules'],
    [
      'an engine that does not answer',
      { ports: [8088], docker: { socketPath: '/nowhere.sock' } },
      'No Docker engine answers',
    ],
  ])('stops with our message for %s', async (_, localhostForward, message) => {
    const { output, exitCode } = await run(
      { preset: 'localhost-forward/jest', testEnvironmentOptions: { localhostForward } },
      { 'a.test.js': shared('cjs') },
    );
    expect(exitCode).not.toBe(0);
    expect(output).toContain(message);
  });

  it('keeps the test’s own error and leaves nothing with --bail', async () => {
    const failing = `${perFile('cjs')}\ntest('breaks', () => { throw new Error('its own'); });`;
    const { output, exitCode } = await run({}, { 'a.test.js': failing }, 'cjs', ['--bail']);
    expect(exitCode).toBe(1);
    expect(output).toContain('its own');
  });

  it('tells a test without a set-up', async () => {
    const { output, exitCode } = await run({}, { 'a.test.js': shared('cjs') });
    expect(exitCode).toBe(1);
    expect(output).toContain('forwardAddress() found no forward');
  });
});
