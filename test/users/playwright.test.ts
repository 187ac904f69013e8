import { describe, expect, test } from 'vitest';
import { triedGenerations } from './support/installs.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs } from './support/projects.ts';

expectNothingLeft();

const config = `
import { defineConfig } from '@playwright/test';
export default defineConfig({
  timeout: 60_000,
  workers: 1,
  reporter: 'line',
  use: { localhostForward: { ports: [{ hostPort: 0, containerPort: 80 }, { hostPort: 0, containerPort: 81 }], listener: true } },
});
`;

const worker = `
import { expect, forwardFixture, test as base } from 'localhost-forward/playwright';
import { askContainer } from './ask-container.cjs';

const own = (name, scope) => forwardFixture({ hostPort: 0, containerPort: 80 }, { scope, listener: (_request, response) => response.end(name) });
const test = base.extend({ perTest: own('test'), perWorker: own('worker', 'worker') });
const seen = [];

test('first', async ({ net, perTest, perWorker }) => {
  expect(net.ports.map(({ containerPort }) => containerPort)).toEqual([80, 81]);
  await expect(net).not.toHaveBeenReached();
  await expect(net).toBeReachableFromContainer({ timeoutMs: 20_000 });
  await askContainer(net);
  await expect(net).toHaveBeenReached({ port: 80, times: 1 });
  await expect(net).toHaveReceivedRequest({ method: 'GET', path: '/' });
  await expect(expect(net).toHaveBeenReached({ times: 3 })).rejects.toThrow(/Expected containers to have reached port 80, 81 of lhf-\\w+ 3 times/);
  expect(await askContainer(perTest)).toBe('answered test');
  expect(await askContainer(perWorker)).toBe('answered worker');
  seen.push(net, perTest, perWorker);
});

test('second', async ({ net, perTest, perWorker }) => {
  expect([net.id, perWorker.id]).toEqual([seen[0].id, seen[2].id]);
  expect(perTest.id).not.toBe(seen[1].id);
  await expect(seen[1]).toLeaveNoTrace();
});
`;

const noPorts = `
import { test } from 'localhost-forward/playwright';
test.use({ localhostForward: {} });
test('asks for a forward of no ports', async ({ net }) => net.url());
`;

const misspelt = `
import { forwardFixture, test } from 'localhost-forward/playwright';
test.use({ localhostForward: { port: 8088 } });
test('asks for ports that are none', async ({ net }) => net.url());
const own = test.extend({ other: forwardFixture(8088, { scpoe: 'worker' }) });
own('asks for a scope that is none', async ({ other }) => other.url());
`;

// What Playwright itself asks of a promise, and what a test does, are told apart in each way of calling a matcher.
const forgetful = `
import { expect, test } from 'localhost-forward/playwright';
test('forgets', async ({ net }) => { expect(net).not.toHaveBeenReached({ port: 81 }); });
test('forgets at a soft one', async ({ net }) => { expect.soft(net).toLeaveNoTrace(); });
test('awaits each', async ({ net }) => {
  await expect(net).not.toHaveBeenReached({ port: 81 });
  await expect.soft(net, 'nobody called').not.toHaveReceivedRequest();
  await Promise.all([expect(net).not.toHaveBeenReached(), expect(net).not.toHaveBeenReached({ port: 81 })]);
  const later = expect(net).not.toHaveBeenReached({ port: 81 });
  await expect(net).not.toHaveBeenReached({ port: 81 });
  await later.then(() => 'so it was');
});
test('returns it', ({ net }) => expect(net).not.toHaveBeenReached({ port: 81 }));
`;

// Of a `test` of their own, which has nothing of ours, and where the runner is not in a test at all.
const forgetfulByTheirOwn = `
import { expect as theirs, test } from '@playwright/test';
import { openLocalhostForward } from 'localhost-forward';
import { expect } from 'localhost-forward/playwright';
let net;
test.beforeAll(async () => { net = await openLocalhostForward({ hostPort: 0, containerPort: 81 }, { verify: false }); });
test.afterAll(async () => { await net.close(); await expect(net).toLeaveNoTrace(); });
test('of their own forgets', async () => { expect(net).not.toHaveBeenReached(); });
test('of their own forgets and fails', async () => { expect(net).not.toHaveBeenReached(); theirs(1).toBe(2); });
test('of their own awaits', async ({}, info) => {
  const later = [expect(net).not.toHaveBeenReached(), expect(net).not.toHaveBeenReached({ port: 81 })];
  await expect(net).not.toHaveBeenReached();
  await Promise.all(later);
  theirs([info.status, ...info.errors]).toEqual(['passed']);
});
test('of their own fails as it is meant to', async () => {
  test.fail();
  await expect(net).toHaveReceivedRequest();
});
`;

const setUp = `
import { openLocalhostForward } from 'localhost-forward';
import { expect } from 'localhost-forward/playwright';
export default async () => {
  await using net = await openLocalhostForward(0);
  await expect(net).not.toHaveBeenReached();
};
`;

const commonJs = `
const { expect, test } = require('localhost-forward/playwright');
test('is the same in CommonJS', async ({ net }) => expect(net.url(81)).toBe('http://host.docker.internal:81'));
`;

describe.each(triedGenerations)('Playwright Test, %s', (generation) => {
  test('a forward for each worker, fixtures, matchers, and what is missing', async () => {
    await using project = await makeProject(generation, {
      'playwright.config.mjs': config,
      'worker.test.mjs': worker,
      'no-ports.test.mjs': noPorts,
      'misspelt.test.mjs': misspelt,
      'common.test.cjs': commonJs,
    });
    const { exitCode, output } = await project.run(programs.playwright, ['test']);
    expect(output).toContain('The fixture `net` found no ports: `use.localhostForward.ports` is not set');
    expect(output).toContain('Try: test.use({ localhostForward: { ports: 8088 } })');
    expect(output).toContain('Unknown option `scpoe`. Did you mean `scope`?');
    expect(output).toContain('Unknown key `use.localhostForward.port`. Did you mean `ports`?');
    expect(output).toMatch(/3 failed\n(.*misspelt.test.mjs.*\n){2}.*no-ports.test.mjs[^]*3 passed/);
    expect(exitCode).toBe(1);
  });

  test('an expectation that nobody awaited fails its test', async () => {
    await using project = await makeProject(generation, {
      'playwright.config.mjs': config.replace('workers:', "globalSetup: './set-up.mjs',\n  workers:"),
      'set-up.mjs': setUp,
      'forgetful.test.mjs': forgetful,
      'their-own.test.mjs': forgetfulByTheirOwn,
    });
    const { exitCode, output } = await project.run(programs.playwright, ['test']);
    expect(output).toContain(
      'Nobody awaited expect(net).not.toHaveBeenReached(): the test ended before it was known\n    Try: await expect(net).not.toHaveBeenReached()',
    );
    expect(output).toContain('Nobody awaited expect(net).toLeaveNoTrace()');
    // The line that forgets is shown.
    expect(output).toMatch(/> +\d+ \| test\('of their own forgets', /);
    expect(output).not.toMatch(/ at .*node_modules\/playwright/);
    expect(output).toContain('expect(received).toBe(expected)');
    const failed = output.slice(output.indexOf('4 failed')).split('\n');
    expect(failed.slice(1, 5).map((line) => /› (.*?) ─*$/.exec(line)?.[1])).toEqual([
      'forgets',
      'forgets at a soft one',
      'of their own forgets',
      'of their own forgets and fails',
    ]);
    expect(failed[5]?.trim()).toMatch(/^4 passed/);
    expect(exitCode).toBe(1);
  });
});
