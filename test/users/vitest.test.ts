import { beforeAll, describe, expect, it } from 'vitest';
import { userHelpers, writeProject, unpackPackage, type Project } from './support/project.ts';
import { leavingNothing } from './support/nothing-left.ts';

const vitest = 'vitest/vitest.mjs';
const report = (output: { stdout: string; stderr: string }): string => `${output.stdout}\n${output.stderr}`;

const config = (options: object): string =>
  `export default { test: ${JSON.stringify({ testTimeout: 60_000, hookTimeout: 60_000, ...options })} };`;

const run = async (
  files: Record<string, string>,
  args: readonly string[] = [],
): Promise<{ output: string; exitCode: number }> => {
  await using project: Project = await writeProject({ 'helpers.js': userHelpers('esm'), ...files });
  const result = await leavingNothing(() => project.run(vitest, ['run', ...args]));
  return { output: report(result), exitCode: result.exitCode };
};

beforeAll(() => unpackPackage());

const fixtureFile = (scope: string, name: string): string => `
import { test as base, expect, describe } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';
import { serve, fetchFrom } from './helpers.js';
const test = base.extend({ net: forwardFixture({ hostPort: 0, containerPort: 80 }, { scope: '${scope}' }) });
let first;
test('${name} reaches us from a container', async ({ net }) => {
  first = net.id;
  const server = await serve(net.ports[0].hostPort);
  expect(await fetchFrom(net)).toMatchObject({ hello: process.pid, from: expect.stringMatching(/^198\\./) });
  server.close();
});
test('${name} ${scope === 'test' ? 'gets another' : 'keeps its forward'}', ({ net }) => {
  expect(net.id === first).toBe(${String(scope !== 'test')});
});
`;

describe('fixtures', () => {
  it('live as long as their scope', async () => {
    const scopes = ['test', 'file', 'worker'];
    const files = Object.fromEntries(scopes.map((scope) => [`${scope}.test.js`, fixtureFile(scope, scope)]));
    const { output, exitCode } = await run({ 'vitest.config.js': config({ maxWorkers: 2 }), ...files });
    expect(exitCode, output).toBe(0);
    expect(output).toContain('6 passed');
  });

  it('of eight files in parallel have a forward each, on the same container port', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, n) => [`f${n}.test.js`, fixtureFile('file', `file ${n}`)]),
    );
    const { output, exitCode } = await run({ 'vitest.config.js': config({ maxWorkers: 4, pool: 'forks' }), ...files });
    expect(exitCode, output).toBe(0);
    expect(output).toContain('16 passed');
  });

  it.each(['threads', 'vmForks'])('work in the pool %s', async (pool) => {
    const { output, exitCode } = await run({
      'vitest.config.js': config({ pool }),
      'a.test.js': fixtureFile('file', pool),
    });
    expect(exitCode, output).toBe(0);
  });
});

const globalTest = (name: string): string => `
import { test, expect } from 'vitest';
import { injectForward } from 'localhost-forward/vitest';
import 'localhost-forward/vitest/matchers';
import { serve, fetchFrom } from './helpers.js';
test('${name}', async () => {
  const net = injectForward();
  expect(await fetchFrom(net)).toEqual({ served: 'globally' });
  await expect(net).toBeReachableFromContainer({ port: 80 });
  await expect(net).toHaveBeenReached({ port: 80 });
  expect(() => net.url(81)).toThrow('forwards');
});
`;

const globalSetup = `
import { globalForward } from 'localhost-forward/vitest';
export default globalForward({ hostPort: 0, containerPort: 80 }, { listener: (request, response) => response.end(JSON.stringify({ served: 'globally' })) });
`;

describe('global set-up', () => {
  it('is shared by eight workers', async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`g${n}.test.js`, globalTest(`worker ${n}`)]));
    const { output, exitCode } = await run({
      'vitest.config.js': config({ globalSetup: './forward.js', maxWorkers: 4 }),
      'forward.js': globalSetup,
      ...files,
    });
    expect(exitCode, output).toBe(0);
    expect(output).toContain('8 passed');
  });

  it('is missed by a clear error', async () => {
    const { output, exitCode } = await run({ 'vitest.config.js': config({}), 'a.test.js': globalTest('alone') });
    expect(exitCode).toBe(1);
    expect(output).toContain('injectForward() found no forward');
  });

  it.each([
    ['a bad option', 'export default globalForward(8088, { verfy: true });', 'Did you mean'],
    [
      'an engine that does not answer',
      "export default globalForward(8088, { docker: { socketPath: '/nowhere.sock' } });",
      'No Docker engine answers at unix:///nowhere.sock',
    ],
    ['no privilege', "export default globalForward(8088, { privilege: 'none' });", 'LHF_ERR_PRIVILEGE'],
  ])('that fails for %s stops the run with our message', async (_, code, message) => {
    const forward = `import { globalForward } from 'localhost-forward/vitest';\n${code}`;
    const { output, exitCode } = await run({
      'vitest.config.js': config({ globalSetup: './forward.js' }),
      'forward.js': forward,
      'a.test.js': globalTest('never'),
    });
    expect(exitCode).not.toBe(0);
    expect(output).toContain(message);
  });
});

describe('matchers', () => {
  it('fail with the diagnosis, and tell what is left', async () => {
    const test = `
import { test, expect } from 'vitest';
import { openLocalhostForward } from 'localhost-forward';
import 'localhost-forward/vitest/matchers';
test('absent service', async () => {
  await using net = await openLocalhostForward({ hostPort: 0, containerPort: 80 });
  await expect(net).not.toHaveBeenReached();
  await expect(net).toBeReachableFromContainer();
});
test('still open', async () => {
  await using net = await openLocalhostForward([], { verify: false });
  await expect(net).toLeaveNoTrace();
});
test('closed', async () => {
  const net = await openLocalhostForward([], { verify: false });
  await net.close();
  await expect(net).toLeaveNoTrace();
});
`;
    const { output, exitCode } = await run({ 'vitest.config.js': config({}), 'a.test.js': test });
    expect(exitCode).toBe(1);
    expect(output).toContain('1 passed');
    expect(output).toContain('Nothing listens on 127.0.0.1:');
    expect(output).toMatch(/to leave no trace, but there are:[^]*network lhf-/);
  });
});

describe('a failing test', () => {
  it('is told by its own error, with --bail and with process.exit()', async () => {
    const failing = (how: string): string => `
import { test as base, expect } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';
const test = base.extend({ net: forwardFixture(0, { verify: false }) });
test('breaks', async ({ net }) => { ${how} });
test('never runs', ({ net }) => {});
`;
    const bailed = await run({ 'vitest.config.js': config({}), 'a.test.js': failing("throw new Error('its own');") }, [
      '--bail',
      '1',
    ]);
    expect(bailed.exitCode).toBe(1);
    expect(bailed.output).toContain('its own');
    const exited = await run({ 'vitest.config.js': config({}), 'a.test.js': failing('process.exit(3);') });
    expect(exited.exitCode).not.toBe(0);
  });
});
