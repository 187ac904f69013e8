import { describe, expect, test } from 'vitest';
import { listenTcp } from '../support/services.ts';
import { triedGenerations } from './support/installs.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs, type Files } from './support/projects.ts';

expectNothingLeft();

// One text for all three kinds of modules: what differs is the imports above it.
const tests = `
const own = useLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: (_request, response) => void response.end('own') });

test('a forward of the file alone, and the matchers', async () => {
  await expect(own).not.toHaveBeenReached();
  await expect(own).toBeReachableFromContainer({ port: 80, timeoutMs: 20_000 });
  expect(await askContainer(own)).toBe('answered own');
  await expect(own).toHaveBeenReached({ port: 80 });
  await own.forward({ hostPort: 1, containerPort: 81 });
  await expect(expect(own).toBeReachableFromContainer({ port: 81 })).rejects.toThrow(/Nothing listens on 127\\.0\\.0\\.1:1 \\(tcp\\)/);
  await expect(expect(own).toLeaveNoTrace()).rejects.toThrow(/still there: the network lhf-/);
});

describe('a block', () => {
  const inner = useLocalhostForward(async () => ({ hostPort: 0, containerPort: 80 }), { listener: true, verify: false });
  test('has its own', () => expect(inner.id).not.toBe(own.id));
  afterAll(() => expect(inner).toLeaveNoTrace());
});

test('the forward of the global set-up', async () => {
  const net = forwardAddress();
  expect(await askContainer(net)).toContain(process.env['SERVICE_MARKER']);
  await expect(net).toHaveBeenReached({ port: 8088 });
  await expect(net.unforward(8088)).rejects.toThrow(/which another process opened/);
  await net.close();
  expect(await askContainer(net)).toContain(process.env['SERVICE_MARKER']);
  process.stderr.write('forward ' + net.id + '\\n');
});
`;

const kinds: Files = {
  'cjs/net.test.cjs': `
const { forwardAddress, useLocalhostForward } = require('localhost-forward/jest');
const { askContainer } = require('../ask-container.cjs');
${tests}`,
  'esm/net.test.mjs': `
import { forwardAddress, useLocalhostForward } from 'localhost-forward/jest';
import { askContainer } from '../ask-container.cjs';
${tests}`,
  'ts/net.test.ts': `
import { afterAll, describe, expect, test } from '@jest/globals';
import type { LocalhostForward } from 'localhost-forward';
import { forwardAddress, useLocalhostForward } from 'localhost-forward/jest';
import 'localhost-forward/jest/matchers';
const { askContainer } = require('../ask-container.cjs') as { askContainer(net: LocalhostForward): Promise<string> };
${tests.replace('afterAll(() => expect', 'afterAll(async () => expect')}`,
  'ts/tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'node16', target: 'es2023', strict: true, types: ['node'], isolatedModules: true },
  }),
};

const forward =
  '{ ports: { hostPort: Number(process.env.SERVICE_PORT), containerPort: 8088 }, verify: { timeoutMs: 20_000 } }';

// Several projects, as users of several kinds of modules have them; they share one forward.
const configWith = (setUpOf: (kind: string, extension: string) => string): string => `
const project = (kind, extension, more) => ({
  displayName: kind,
  rootDir: __dirname + '/' + kind,
  testMatch: ['**/*.test.*'],
  testEnvironmentOptions: { localhostForward: ${forward} },
  setupFilesAfterEnv: ['localhost-forward/jest/matchers'],
  ...more,
});
module.exports = {
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [
    project('cjs', 'cjs', { ${setUpOf('cjs', 'cjs')} }),
    project('esm', 'mjs', { ${setUpOf('esm', 'mjs')}, transform: {}, moduleFileExtensions: ['mjs', 'cjs', 'js', 'json'] }),
    project('ts', 'ts', { ${setUpOf('ts', 'ts')}, transform: { '\\\\.ts$': 'ts-jest' } }),
  ],
};
`;

const own = 'process.stderr.write("own set-up\\n")';
const composed: Files = {
  'cjs/set-up.cjs': `
const { globalSetup } = require('localhost-forward/jest/global');
module.exports = async (globalConfig, projectConfig) => { await globalSetup(globalConfig, projectConfig); ${own}; };`,
  'cjs/tear-down.cjs': `module.exports = require('localhost-forward/jest/global').globalTeardown;`,
  'esm/set-up.mjs': `
import { globalSetup } from 'localhost-forward/jest/global';
export default async (globalConfig, projectConfig) => { await globalSetup(globalConfig, projectConfig); ${own}; };`,
  'esm/tear-down.mjs': `export { globalTeardown as default } from 'localhost-forward/jest/global';`,
  'ts/set-up.ts': `
import type { Config } from '@jest/types';
import { globalSetup } from 'localhost-forward/jest/global';
export default async (globalConfig: Config.GlobalConfig, projectConfig: Config.ProjectConfig): Promise<void> => {
  await globalSetup(globalConfig, projectConfig);
  ${own};
};`,
  'ts/tear-down.ts': `export { globalTeardown as default } from 'localhost-forward/jest/global';`,
};

const nodeOptions = { NODE_OPTIONS: '--experimental-vm-modules --no-warnings' };

// Closed in order, by the tear-down: a guardian would leave no trace either.
const expectOneForward = (output: string): void => {
  const ids = new Set(Array.from(output.matchAll(/^forward (\w{8})$/gm), ([, id]) => id));
  expect(ids.size).toBe(1);
  for (const id of ids) expect(output).toContain(`released network and rules of lhf-${id}`);
};

const forgetful = `
const { useLocalhostForward } = require('localhost-forward/jest');
require('localhost-forward/jest/matchers');
const net = useLocalhostForward({ hostPort: 0, containerPort: 80 }, { verify: false });
test('forgets', () => { expect(net).not.toHaveBeenReached(); });
test('forgets in a helper', async () => {
  (() => { expect(net).not.toHaveBeenReached({ port: 80 }); })();
  await new Promise((resolve) => setTimeout(resolve, 100));
});
test('awaits each', async () => {
  await expect(net).not.toHaveBeenReached();
  await Promise.all([expect(net).not.toHaveBeenReached(), expect(net).not.toHaveBeenReached({ port: 80 })]);
  const later = expect(net).not.toHaveBeenReached();
  await expect(expect(net).toHaveBeenReached()).rejects.toThrow('Expected a container');
  await later;
});
test('returns it', () => expect(net).not.toHaveBeenReached());
test('returns what follows', () => expect(net).not.toHaveBeenReached().then(() => 'so it was'));
test('with false timers', async () => {
  jest.useFakeTimers();
  await expect(net).not.toHaveBeenReached();
  jest.useRealTimers();
});
test('is told of no other', () => expect.assertions(0));
`;

describe.each(triedGenerations)('Jest, %s', (generation) => {
  const run = async (files: Files) => {
    await using service = await listenTcp();
    await using project = await makeProject(generation, { ...kinds, ...files });
    const env = {
      SERVICE_PORT: String(service.port),
      SERVICE_MARKER: service.marker,
      DEBUG: 'localhost-forward*',
      ...nodeOptions,
    };
    return await project.run(programs.jest, [], { env });
  };

  test('CommonJS, ESM and TypeScript with the preset', async () => {
    const { exitCode, output } = await run({ 'jest.config.cjs': configWith(() => `preset: 'localhost-forward/jest'`) });
    expect(output).toMatch(/Tests:\s+9 passed, 9 total/);
    expect(exitCode).toBe(0);
    expectOneForward(output);
    expect(output).not.toMatch(/did not exit|open handle/);
  });

  test('CommonJS, ESM and TypeScript with set-ups of their own that call ours', async () => {
    const setUp = (_kind: string, extension: string): string =>
      `globalSetup: '<rootDir>/set-up.${extension}', globalTeardown: '<rootDir>/tear-down.${extension}'`;
    const { exitCode, output } = await run({ ...composed, 'jest.config.cjs': configWith(setUp) });
    expect(output).toMatch(/Tests:\s+9 passed, 9 total/);
    expect(exitCode).toBe(0);
    expect(output.match(/own set-up/g)).toHaveLength(3);
    expectOneForward(output);
  });

  test.each([
    [
      `{ ports: [70_000] }`,
      'Expected `testEnvironmentOptions.localhostForward.ports[0]` to be an integer from 0 to 65535, got `70000`',
    ],
    [
      `{ ports: 80, verfy: false }`,
      'Unknown key `testEnvironmentOptions.localhostForward.verfy`. Did you mean `verify`?',
    ],
    [
      `{ ports: 80, verify: { timeoutMs: 0 } }`,
      'Expected `testEnvironmentOptions.localhostForward.verify.timeoutMs` to be an integer from 1',
    ],
    ['undefined', 'Expected `testEnvironmentOptions.localhostForward` to be { ports, ...options }, got `undefined`'],
  ])('options %s are refused with their path', async (options, message) => {
    const config = `module.exports = { preset: 'localhost-forward/jest', testEnvironmentOptions: { localhostForward: ${options} } }`;
    await using project = await makeProject(generation, {
      'jest.config.cjs': config,
      'one.test.js': `test('one', () => {})`,
    });
    const { exitCode, output } = await project.run(programs.jest, []);
    expect(output).toContain(message);
    expect(output).not.toContain('✓ one');
    expect(exitCode).toBe(1);
  });

  test('an expectation that nobody awaited fails its test', async () => {
    await using project = await makeProject(generation, {
      'jest.config.cjs': 'module.exports = { testTimeout: 60_000 };',
      'forgetful.test.js': forgetful,
    });
    const { exitCode, output } = await project.run(programs.jest);
    expect(output).toContain('Nobody awaited expect(net).not.toHaveBeenReached(): the test ended before it was known');
    expect(output).toContain('Try: await expect(net).not.toHaveBeenReached()');
    expect(output).toMatch(/✕ forgets .*\n +✕ forgets in a helper /);
    expect(output).toMatch(/Tests: +2 failed, 5 passed, 7 total/);
    expect(exitCode).toBe(1);
  });

  test('without a global set-up, forwardAddress() says what is missing; before its tests, a file’s forward does', async () => {
    const text = `
const { forwardAddress, useLocalhostForward } = require('localhost-forward/jest');
const early = useLocalhostForward([], { verify: false });
const seen = (() => { try { return early.id; } catch (error) { return error; } })();
test('errors', () => {
  expect(() => forwardAddress()).toThrow(/forwardAddress\\(\\) found no forward/);
  expect(seen.message).toContain('id was asked of useLocalhostForward() before the file');
  expect(early.id).toMatch(/^\\w{8}$/);
});`;
    await using project = await makeProject(generation, {
      'jest.config.cjs': 'module.exports = {}',
      'one.test.js': text,
    });
    const { exitCode, output } = await project.run(programs.jest, []);
    expect(output).toMatch(/Tests:\s+1 passed/);
    expect(exitCode).toBe(0);
  });
});
