import { describe, expect, test } from 'vitest';
import { triedGenerations } from './support/installs.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs, type Files } from './support/projects.ts';

/*
 * What tests have around them in the field, one file each and all in one run: DOM environments, clocks that stand still, mocks and spies in
 * Node's own modules, interceptors of requests. In each a forward is opened, proven, counted, changed and closed.
 */

expectNothingLeft();

/** For both runners; in one word it would be taken for this file's own. */
const environment = (name: string): string => ['/** @jest', `environment ${name} */`].join('-');

/** A whole life; `between` is done while the forward is open. */
const life = (between = ''): string => `
  const net = await openLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: true });
  ${between}
  await net.verify();
  await net.forward({ hostPort: 1, containerPort: 81 });
  expect((await net.diagnose({ port: 81 })).finding).toBe('no-listener');
  await net.unforward(81);
  expect((await net.hits()).connections).toBe(0);
  await net.close();
  expect(await findTraces(net)).toEqual([]);
`;

const faked = `['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'Date', 'performance', 'hrtime']`;

const abortByTheDom = `
  expect(typeof window).toBe('object');
  const early = new AbortController();
  early.abort();
  await expect(openLocalhostForward(80, { signal: early.signal })).rejects.toMatchObject({ code: 'LHF_ERR_ABORTED' });
  const late = new AbortController();
  const opening = openLocalhostForward({ hostPort: 0, containerPort: 80 }, { signal: late.signal });
  late.abort();
  await expect(opening).rejects.toMatchObject({ code: 'LHF_ERR_ABORTED' });
`;

const jestFile = (text: string, { before = '', docblock = '' } = {}): string => `${docblock}
${before}
const { findTraces, openLocalhostForward, sweep, doctor } = require('localhost-forward');
test('works', async () => {${text}});
`;

const stubs = ['existsSync', 'readFileSync', 'statSync', 'accessSync'];

const jestFiles: Files = {
  'jest.config.cjs': `module.exports = { testTimeout: 60_000, maxWorkers: 2, testMatch: ['**/*.test.cjs'] };`,
  'jsdom.test.cjs': jestFile(`${abortByTheDom}${life()}`, { docblock: environment('jsdom') }),
  'jsdom-adapter.test.cjs': `${environment('jsdom')}
const { useLocalhostForward } = require('localhost-forward/jest');
require('localhost-forward/jest/matchers');
const net = useLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: true });
test('works', async () => {
  await expect(net).toBeReachableFromContainer({ port: 80 });
  await expect(net).not.toHaveBeenReached();
});`,
  'clock.test.cjs': jestFile(
    `${life(`jest.useFakeTimers({ now: 0, doNotFake: ['nextTick', 'queueMicrotask'] });`)} await sweep(); await doctor();`,
  ),
  'clock-before.test.cjs': jestFile(life(), { before: 'jest.useFakeTimers({ now: 0 });' }),
  'sinon.test.cjs': jestFile(
    life(`const clock = require('sinon').useFakeTimers({ toFake: ${faked} });`) + 'clock.restore();',
  ),
  // Whatever test files replace for every package.
  'mocks.test.cjs': jestFile(life(), {
    before: ['fs', 'fs/promises', 'child_process', 'net', 'http', 'os', 'path', 'crypto', 'stream', 'timers']
      .flatMap((name) => [`jest.mock('${name}');`, `jest.mock('node:${name}');`])
      .join('\n'),
  }),
  'memory.test.cjs': jestFile(life(), {
    before: `jest.mock('fs', () => ({ existsSync: () => false, readFileSync: () => { throw new Error('not in memory'); }, promises: {} }));`,
  }),
  'reset.test.cjs': jestFile(`${life()}
  jest.resetModules();
  const again = require('localhost-forward');
  const other = await again.openLocalhostForward([], { verify: false });
  await other.close();`),
  'spies.test.cjs': jestFile(
    life(`
  for (const name of ${JSON.stringify(stubs)}) jest.spyOn(require('fs'), name).mockImplementation(() => { throw new Error('spied'); });
  jest.spyOn(require('child_process'), 'spawn').mockImplementation(() => { throw new Error('spied'); });
  jest.spyOn(require('net'), 'createServer').mockImplementation(() => { throw new Error('spied'); });
`).replace('await net.close();', 'await net.close(); jest.restoreAllMocks();'),
  ),
  'spied-http.test.cjs': jestFile(`
  const net = await openLocalhostForward([], { verify: false });
  const spy = jest.spyOn(require('http'), 'request').mockImplementation(() => undefined);
  for (const call of [() => openLocalhostForward(80), () => net.hits(), () => sweep(), () => doctor()])
    await expect(call()).rejects.toMatchObject({ code: 'LHF_ERR_UNSUPPORTED', message: expect.stringContaining("in Node's own http,") });
  spy.mockRestore();
  await net.close();`),
};

const vitestFile = (text: string, { before = '', docblock = '', load = `import` } = {}): string => `${docblock}
import { expect, test, vi } from 'vitest';
${before}
${load === 'import' ? `import { findTraces, openLocalhostForward, sweep, doctor } from 'localhost-forward';` : ''}
test('works', async () => {
${load === 'import' ? '' : `const { findTraces, openLocalhostForward } = await import('localhost-forward');`}
${text}});
`;

const modules = ['fs', 'fs/promises', 'child_process', 'net', 'http'].flatMap((name) => [name, `node:${name}`]);
const mocks = modules.map((name) => `vi.mock('${name}');`).join('\n');

const vitestFiles: Files = {
  'vitest.config.mjs': `
const inline = { server: { deps: { inline: [/localhost-forward/] } } };
const project = (name, more) => ({ test: { name, testTimeout: 60_000, include: ['*.' + name + '.mjs'], ...more } });
export default { test: { maxWorkers: 2, projects: [project('plain'), project('inline', inline), project('vm', { pool: 'vmForks' })] } };`,
  'happy-dom.plain.mjs': vitestFile(`${abortByTheDom}${life()}`, { docblock: environment('happy-dom') }),
  'jsdom.plain.mjs': vitestFile(`${abortByTheDom}${life()}`, { docblock: environment('jsdom') }),
  'jsdom.vm.mjs': vitestFile(life(), { docblock: environment('jsdom') }),
  'clock.plain.mjs': vitestFile(
    `${life(`vi.useFakeTimers({ toFake: ${faked}, now: 0 });`)} await sweep(); await doctor(); vi.useRealTimers();`,
  ),
  'clock-before.plain.mjs': vitestFile(life(), {
    before: `vi.useFakeTimers({ toFake: ${faked}, now: 0 });`,
    load: 'later',
  }),
  'mocks.plain.mjs': vitestFile(life(), { before: mocks }),
  'mocks.inline.mjs': vitestFile(life(), { before: mocks }),
  'nock.plain.mjs': vitestFile(
    `
  nock.disableNetConnect();
  const error = await openLocalhostForward(80).catch((refusal) => refusal);
  expect(error).toMatchObject({ code: 'LHF_ERR_DOCKER_UNAVAILABLE' });
  // As it says.
  const [, advice] = /\\nTry: (nock\\.enableNetConnect\\('[a-z0-9:.]+'\\))$/.exec(error.message);
  new Function('nock', advice)(nock);
  ${life('await net.verify(); await net.verify();')}
  nock.restore();`,
    { before: `import nock from 'nock';` },
  ),
  'msw.plain.mjs': vitestFile(
    `
  const server = setupServer();
  server.listen({ onUnhandledRequest: 'error' });
  ${life('await net.verify(); await net.verify();')}
  server.close();`,
    { before: `import { setupServer } from 'msw/node';` },
  ),
};

describe.each(triedGenerations)('surroundings, %s', (generation) => {
  test.each([
    ['Jest', programs.jest, [], jestFiles, /Tests:\s+10 passed, 10 total/],
    [
      'Jest without its globals',
      programs.jest,
      ['--injectGlobals=false'],
      withoutGlobals(),
      /Tests:\s+1 passed, 1 total/,
    ],
    ['Vitest', programs.vitest, ['run'], vitestFiles, /Tests\s+9 passed \(9\)/],
  ] as const)('of tests in %s', async (_, program, args, files, passed) => {
    await using project = await makeProject(generation, files);
    const { exitCode, output } = await project.run(program, args, { timeoutMs: 240_000 });
    expect(output).toMatch(passed);
    expect(output).not.toMatch(/Unhandled|did not exit|open handle/);
    expect(exitCode).toBe(0);
  });
});

// Its own text, since all that a stand-in answers is asked here as well.
function withoutGlobals(): Files {
  return {
    'jest.config.cjs': `module.exports = { testTimeout: 60_000 };`,
    'one.test.js': `
const { expect, test } = require('@jest/globals');
const { inspect } = require('node:util');
const { useLocalhostForward } = require('localhost-forward/jest');
require('localhost-forward/jest/matchers');
const one = useLocalhostForward({ hostPort: 0, containerPort: 80 }, { verify: false, listener: true });
const other = useLocalhostForward({ hostPort: 0, containerPort: 80 }, { verify: false, listener: true });
const early = inspect(one);
test('a forward of the file is what it stands for', async () => {
  expect(early).toBe('LocalhostForward, not open yet');
  expect(inspect({ one })).toContain('LocalhostForward ' + one.networkName + ' (' + one.subnet + '): tcp 80 to 127.0.0.1 ');
  expect(['url' in one, 'id' in one, 'nothing' in one]).toEqual([true, true, false]);
  expect(Object.keys(one)).toEqual(expect.arrayContaining(['id', 'networkName', 'gateway', 'strategy']));
  expect(one).toEqual(one);
  expect(one).not.toEqual(other);
  expect({ one }).not.toEqual({ one: other });
  expect(one).toHaveProperty('networkName');
  expect(one).toMatchObject({ hostname: 'host.docker.internal' });
  await expect(one).not.toHaveBeenReached();
});`,
  };
}
