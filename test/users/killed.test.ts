import { describe, expect, test } from 'vitest';
import { listenTcp } from '../support/services.ts';
import { triedGenerations } from './support/installs.ts';
import { openMeeting } from './support/meeting.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs, type Files } from './support/projects.ts';

expectNothingLeft();

const ports = '{ hostPort: Number(process.env.SERVICE_PORT), containerPort: 8088 }';
const say = `await fetch(process.env.MEETING + '?' + process.pid);`;

/** A global forward, and a file with one of its own whose test says its pid and then waits for ever. */
const waiting: Record<'vitest' | 'jest', Files> = {
  vitest: {
    'vitest.config.mjs': `export default { test: { globalSetup: './set-up.mjs', testTimeout: 100_000 } };`,
    'set-up.mjs': `import { globalForward } from 'localhost-forward/vitest';\nexport default globalForward(${ports}, { verify: false });`,
    'one.test.mjs': `import { test as base } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';
const test = base.extend({ net: forwardFixture(${ports}, { verify: false }) });
test('waits', async ({ net }) => { ${say} });`,
    'two.test.mjs': `import { test } from 'vitest';\ntest('two', () => {});`,
  },
  jest: {
    'jest.config.cjs': `module.exports = { preset: 'localhost-forward/jest', testTimeout: 100_000, maxWorkers: 2, testEnvironmentOptions: { localhostForward: { ports: ${ports}, verify: false } } };`,
    'one.test.js': `const { useLocalhostForward } = require('localhost-forward/jest');
useLocalhostForward(${ports}, { verify: false });
test('waits', async () => { ${say} });`,
    'two.test.js': `test('two', () => {});`,
  },
};

const args = { vitest: ['run'], jest: [] } as const;

describe.each(triedGenerations)('%s', (generation) => {
  describe.each(['vitest', 'jest'] as const)('%s leaves nothing', (runner) => {
    const start = async (
      act: (started: { group(signal: NodeJS.Signals): void; main: number; worker: number }) => void,
    ): Promise<void> => {
      await using service = await listenTcp();
      await using meeting = await openMeeting(1, { letGo: false });
      await using project = await makeProject(generation, waiting[runner]);
      const env = { MEETING: meeting.url, SERVICE_PORT: String(service.port) };
      await using script = project.start(programs[runner], args[runner], { env });
      const main = script.process.pid ?? 0;
      const [worker] = await meeting.all;
      expect(Number(worker)).not.toBe(main);
      act({ main, worker: Number(worker), group: (signal) => process.kill(-main, signal) });
      const { code, signal } = await script.exit;
      expect(code ?? signal).not.toBe(0);
    };

    test('interrupted by Ctrl+C', () => start(({ group }) => group('SIGINT')));

    test('killed by SIGKILL', () => start(({ main }) => process.kill(main, 'SIGKILL')));

    test('when a worker is killed by SIGKILL', () => start(({ worker }) => process.kill(worker, 'SIGKILL')));

    test('with --bail', async () => {
      await using service = await listenTcp();
      const name = runner === 'vitest' ? 'one.test.mjs' : 'one.test.js';
      const text = (waiting[runner][name] ?? '').replace(say, `throw new Error('enough');`);
      await using project = await makeProject(generation, { ...waiting[runner], [name]: text });
      const bail = [...args[runner], '--bail=1'];
      const { exitCode, output } = await project.run(programs[runner], bail, {
        env: { SERVICE_PORT: String(service.port) },
      });
      expect(output).toContain('enough');
      expect(exitCode).toBe(1);
    });
  });
});
