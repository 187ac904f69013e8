import { describe, expect, test } from 'vitest';
import { listenTcp } from '../support/services.ts';
import { triedGenerations } from './support/installs.ts';
import { openMeeting } from './support/meeting.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs, type Files } from './support/projects.ts';

expectNothingLeft();

const workers = 8;

// Own and shared forward in each file, all open at the same time, all with the same container port.
const body = (own: string, shared: string): string => `
  const own = ${own};
  const shared = ${shared};
  const met = await (await fetch(process.env.MEETING + '?' + own.id + '=' + shared.id)).text();
  expect(met).toBe('all are here');
  const answers = await Promise.all([askContainer(own), askContainer(shared)]);
  expect(answers).toEqual(['answered ' + marker, expect.stringContaining(process.env.SERVICE_MARKER)]);
  expect((await own.hits(8088)).connections).toBe(1);
`;

const listener = `const marker = 'file ' + Math.random();
const ports = { hostPort: 0, containerPort: 8088 };
const options = { listener: (_request, response) => void response.end(marker), verify: { timeoutMs: 60_000 } };
`;

const shared =
  '{ ports: { hostPort: Number(process.env.SERVICE_PORT), containerPort: 8088 }, verify: { timeoutMs: 20_000 } }';

const runners = {
  vitest: {
    args: ['run'],
    passed: /Tests\s+8 passed \(8\)/,
    extension: 'mjs',
    files: {
      'vitest.config.mjs': `export default { test: { globalSetup: './set-up.mjs', maxWorkers: ${workers}, testTimeout: 200_000 } };`,
      'set-up.mjs': `import { globalForward } from 'localhost-forward/vitest';
const { ports, ...options } = ${shared};
export default globalForward(ports, options);`,
    },
    test: `import { test as base, expect } from 'vitest';
import { forwardFixture, injectForward } from 'localhost-forward/vitest';
import { askContainer } from './ask-container.cjs';
${listener}
base.extend({ net: forwardFixture(ports, { ...options, scope: 'file' }) })('one of many', async ({ net }) => {${body('net', 'injectForward()')}});`,
  },
  jest: {
    args: [],
    passed: /Tests:\s+8 passed, 8 total/,
    extension: 'cjs',
    files: {
      'jest.config.cjs': `module.exports = { preset: 'localhost-forward/jest', maxWorkers: ${workers}, testTimeout: 200_000, testMatch: ['**/*.test.cjs'], testEnvironmentOptions: { localhostForward: ${shared} } };`,
    },
    test: `const { forwardAddress, useLocalhostForward } = require('localhost-forward/jest');
const { askContainer } = require('./ask-container.cjs');
${listener}
const net = useLocalhostForward(ports, options);
test('one of many', async () => {${body('net', 'forwardAddress()')}});`,
  },
} as const;

describe.each(triedGenerations)('eight parallel workers, %s', (generation) => {
  test.each(['vitest', 'jest'] as const)(
    'of %s, each with a forward of its own beside the one they share',
    async (name) => {
      const runner = runners[name];
      const tests = Array.from({ length: workers }, (_, n) => [`${n}.test.${runner.extension}`, runner.test]);
      const files: Files = { ...runner.files, ...(Object.fromEntries(tests) as Files) };
      await using service = await listenTcp();
      await using meeting = await openMeeting(workers);
      await using project = await makeProject(generation, files);
      const env = { MEETING: meeting.url, SERVICE_PORT: String(service.port), SERVICE_MARKER: service.marker };
      const { exitCode, output } = await project.run(programs[name], runner.args, { env, timeoutMs: 240_000 });
      expect(output).toMatch(runner.passed);
      expect(exitCode).toBe(0);
      const pairs = (await meeting.all).map((said) => said.split('='));
      expect(new Set(pairs.map(([own]) => own)).size).toBe(workers);
      expect(new Set(pairs.map(([, one]) => one)).size).toBe(1);
    },
    280_000,
  );
});
