import { describe, expect, test } from 'vitest';
import { listenTcp } from '../support/services.ts';
import { triedGenerations } from './support/installs.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs } from './support/projects.ts';

expectNothingLeft();

const config = `
import { defineConfig } from 'vitest/config';
export default defineConfig({
  test: { globalSetup: './global-setup.mjs', setupFiles: ['localhost-forward/vitest/matchers'], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2 },
});
`;

const globalSetup = `
import { globalForward } from 'localhost-forward/vitest';
export default globalForward({ hostPort: Number(process.env.SERVICE_PORT), containerPort: 8088 });
`;

const fixtures = `
import { test as base, expect } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';
import { askContainer } from './ask-container.cjs';

const own = (name, scope) => forwardFixture({ hostPort: 0, containerPort: 80 }, { scope, listener: (_request, response) => response.end(name) });
const test = base.extend({ perTest: own('test'), perFile: own('file', 'file'), perWorker: own('worker', 'worker') });
const seen = [];

test('first', async ({ perTest, perFile, perWorker }) => {
  expect(await askContainer(perTest)).toBe('answered test');
  expect(await askContainer(perFile)).toBe('answered file');
  expect(await askContainer(perWorker)).toBe('answered worker');
  seen.push(perTest, perFile, perWorker);
  expect(new Set(seen.map(({ id }) => id)).size).toBe(3);
});

test('second', async ({ perTest, perFile, perWorker }) => {
  expect(perTest.id).not.toBe(seen[0].id);
  expect([perFile.id, perWorker.id]).toEqual([seen[1].id, seen[2].id]);
  await expect(seen[0]).toLeaveNoTrace();
  await expect(perFile).not.toLeaveNoTrace();
});
`;

const matchers = `
import { test as base, expect } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';
import { askContainer } from './ask-container.cjs';

const test = base.extend({ net: forwardFixture({ hostPort: 0, containerPort: 80 }, { listener: true, verify: false }) });

test('pass', async ({ net }) => {
  await expect(net).not.toHaveBeenReached();
  await expect(net).toBeReachableFromContainer({ port: 80, timeoutMs: 20_000 });
  await expect(net).not.toHaveBeenReached({ port: 80 });
  await expect(net).not.toHaveReceivedRequest();
  await askContainer(net);
  await expect(net).toHaveBeenReached({ port: 80 });
  await expect(net).toHaveBeenReached({ times: 1 });
  await expect(net).not.toHaveBeenReached({ times: 2 });
  // Begun before it comes, and waited for.
  const twice = expect(net).toHaveBeenReached({ port: 80, times: 2, withinMs: 20_000 });
  await askContainer(net);
  await twice;
  await expect(expect(net).toHaveBeenReached({ times: 3 })).rejects.toThrow(/Expected containers to have reached port 80 of lhf-\\w+ 3 times\\n *counted since it was opened: 2 connections of 2 attempts/);
  await expect(expect(net).toHaveBeenReached({ time: 3 })).rejects.toThrow('Did you mean \`times\`?');
  await expect(net).toHaveReceivedRequest({ method: 'GET', path: '/' });
  expect((await net.nextRequest()).path).toBe('/');
});

test('fail with a diagnosis', async ({ net }) => {
  await net.forward({ hostPort: 1, containerPort: 81 });
  await expect(expect(net).toBeReachableFromContainer({ port: 81 })).rejects.toThrow(/Expected port 81 of lhf-\\w+ to be reachable from containers\\nNothing listens on 127\\.0\\.0\\.1:1 \\(tcp\\)[^]*Try: ss -lntp/);
  await expect(expect(net).toHaveBeenReached({ port: 81 })).rejects.toThrow(/Expected a container to have reached port 81[^]*counted since it was opened: 0 connections of 0 attempts, 0 packets\\n *Nothing listens/);
  await expect(expect(net).toHaveReceivedRequest({ path: '/orders' })).rejects.toThrow(/to have received a request\\nNo \\/orders came to [^]* within 0 ms\\n *(came: GET|nothing came)/);
  await expect(expect(net).not.toBeReachableFromContainer({ port: 80 })).rejects.toThrow(/not to be reachable from containers, but it is/);
  await expect(expect(net).toLeaveNoTrace()).rejects.toThrow(new RegExp('still there: the network ' + net.networkName + '[^]*still there: the interface ' + net.bridgeName));
  await expect(expect(8088).toHaveBeenReached()).rejects.toThrow('Expected toHaveBeenReached() to be asked of a forward, got \`8088\`');
});
`;

const serverFixture = `
import { createServer } from 'node:http';
import { test as base, expect } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';
import { askContainer } from './ask-container.cjs';

const withServer = base.extend({
  server: async ({}, use) => {
    const server = createServer((request, response) => response.end('a real one'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    await use({ port: server.address().port });
    server.close();
  },
});
const test = withServer.extend({ net: forwardFixture(async ({ server: { port } }) => ({ hostPort: port, containerPort: 80 })) });

test('the port of another fixture', async ({ net, server }) => {
  expect(net.ports[0].hostPort).toBe(server.port);
  expect(await askContainer(net)).toBe('answered a real one');
});
`;

const unawaited = `
import { test as base, expect } from 'vitest';
import { openLocalhostForward } from 'localhost-forward';

base('forgets to wait', async () => {
  await using net = await openLocalhostForward([], { verify: false });
  expect(net).not.toHaveBeenReached();
  expect(net).not.toHaveBeenReached({ withinMs: 20 });
  await net.hits();
});

base('waits', async () => {
  await using net = await openLocalhostForward([], { verify: false });
  await expect(net).not.toHaveBeenReached();
  await Promise.all([expect(net).not.toHaveBeenReached(), expect(expect(net).toHaveBeenReached()).rejects.toThrow()]);
});
`;

const late = `
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test as base, expect } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';

// An engine that takes its time: a network is made when it is told to.
const make = Promise.withResolvers();
const asked = Promise.withResolvers();
const removed = Promise.withResolvers();
const proxy = createServer((client) => {
  const engine = connect(process.env.DOCKER_SOCKET);
  engine.pipe(client);
  engine.on('error', () => client.destroy());
  client.on('error', () => engine.destroy()).on('end', () => engine.end());
  client.on('data', async (chunk) => {
    const call = String(chunk);
    if (call.startsWith('POST ') && call.includes('/networks/create')) {
      asked.resolve();
      await make.promise;
    }
    engine.write(chunk);
    if (call.startsWith('DELETE ') && call.includes('/networks/')) removed.resolve();
  });
});
proxy.listen(0, '127.0.0.1');
await once(proxy, 'listening');

const docker = { host: '127.0.0.1', port: proxy.address().port, protocol: 'http' };
const test = base.extend({ net: forwardFixture(0, { docker, strategy: 'relay', verify: false }) });

test('is given up', { timeout: 15_000 }, async ({ net }) => console.log(net.id));

base('what comes too late is taken away', { timeout: 60_000 }, async () => {
  await asked.promise;
  make.resolve();
  await removed.promise;
});
`;

const injected = `
import { expect, test } from 'vitest';
import { injectForward } from 'localhost-forward/vitest';
import { askContainer } from './ask-container.cjs';

test('the forward of the global set-up', async () => {
  const net = injectForward();
  const before = await net.hits();
  expect(await askContainer(net)).toContain(process.env.SERVICE_MARKER);
  expect((await net.hits(8088)).connections).toBeGreaterThan(before.connections);
  await expect(net).toBeReachableFromContainer({ port: 8088, timeoutMs: 20_000 });
  await expect(net.forward(80)).rejects.toThrow(/which another process opened/);
  await net.close();
  expect(await askContainer(net)).toContain(process.env.SERVICE_MARKER);
  console.log('forward', net.id);
});
`;

// Closed in order, by the tear-down: a guardian would leave no trace either.
const expectOneForward = (output: string): void => {
  const ids = new Set(Array.from(output.matchAll(/^forward (\w{8})$/gm), ([, id]) => id));
  expect(ids.size).toBe(1);
  for (const id of ids) expect(output).toContain(`released network and rules of lhf-${id}`);
};

describe.each(triedGenerations)('Vitest, %s', (generation) => {
  test('fixtures in three scopes, the global set-up and the matchers', async () => {
    await using service = await listenTcp();
    await using project = await makeProject(generation, {
      'vitest.config.mjs': config,
      'global-setup.mjs': globalSetup,
      'fixtures.test.mjs': fixtures,
      'matchers.test.mjs': matchers,
      'server-fixture.test.mjs': serverFixture,
      'injected-1.test.mjs': injected,
      'injected-2.test.mjs': injected,
    });
    const env = { SERVICE_PORT: String(service.port), SERVICE_MARKER: service.marker, DEBUG: 'localhost-forward*' };
    const { exitCode, output } = await project.run(programs.vitest, ['run'], { env });
    expect(output).toMatch(/Tests\s+7 passed \(7\)/);
    expect(exitCode).toBe(0);
    expectOneForward(output);
  });

  test.runIf(generation === 'newest')('a forward that comes when its test is over is closed', async () => {
    await using project = await makeProject(generation, {
      'vitest.config.mjs': config.replace("globalSetup: './global-setup.mjs', ", ''),
      'late.test.mjs': late,
    });
    const env = { DOCKER_SOCKET: (process.env['DOCKER_HOST'] ?? '/var/run/docker.sock').replace(/^unix:\/\//, '') };
    const { output } = await project.run(programs.vitest, ['run'], { env });
    expect(output).toMatch(/Test timed out in 15000ms/);
    expect(output).toMatch(/Tests\s+1 failed \| 1 passed \(2\)/);
  });

  test('an expectation that nobody awaited fails its test', async () => {
    await using project = await makeProject(generation, {
      'vitest.config.mjs': config.replace("globalSetup: './global-setup.mjs', ", ''),
      'unawaited.test.mjs': unawaited,
    });
    const { exitCode, output } = await project.run(programs.vitest, ['run']);
    expect(output).toMatch(/Tests\s+1 failed \| 1 passed \(2\)/);
    expect(output).toContain(
      'Nobody awaited expect(net).not.toHaveBeenReached(), expect(net).not.toHaveBeenReached(): the test ended before it was known',
    );
    expect(output).toContain('Try: await expect(net).not.toHaveBeenReached()');
    expect(exitCode).toBe(1);
  });

  test('an expectation that nobody awaited fails its test, also in a worker’s second file', async () => {
    const plain = config.replace("globalSetup: './global-setup.mjs', ", '');
    await using project = await makeProject(generation, {
      'vitest.config.mjs': plain
        .replace('maxWorkers: 2', 'isolate: false, maxWorkers: 1')
        .replace(/setupFiles: .*?\], /, ''),
      'one.test.mjs': `import 'localhost-forward/vitest/matchers';${unawaited}`,
      'two.test.mjs': `import 'localhost-forward/vitest/matchers';${unawaited}`,
    });
    const { exitCode, output } = await project.run(programs.vitest, ['run']);
    expect(output).toMatch(/Tests\s+2 failed \| 2 passed \(4\)/);
    expect(output).toMatch(/FAIL\s+two\.test\.mjs > forgets to wait/);
    expect(exitCode).toBe(1);
  });

  test.each(generation === 'newest' ? ['threads', 'vmThreads'] : ['threads', 'vmThreads', 'vmForks'])(
    'fixtures in the pool %s',
    async (pool) => {
      await using project = await makeProject(generation, {
        'vitest.config.mjs': config.replace("globalSetup: './global-setup.mjs', ", ''),
        'fixtures.test.mjs': fixtures,
      });
      const { exitCode, output } = await project.run(programs.vitest, ['run', '--pool', pool]);
      expect(output).toMatch(/Tests\s+2 passed \(2\)/);
      expect(exitCode).toBe(0);
    },
  );

  test('without a global set-up, injectForward() says what is missing', async () => {
    await using project = await makeProject(generation, { 'injected.test.mjs': injected });
    const { exitCode, output } = await project.run(programs.vitest, ['run']);
    expect(output).toContain('injectForward() found no forward');
    expect(exitCode).toBe(1);
  });
});
