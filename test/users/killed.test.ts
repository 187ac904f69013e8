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

/** The same without any forward. */
const head = { vitest: `import { test } from 'vitest';\n`, jest: '' } as const;
const plain: Record<'vitest' | 'jest', Files> = {
  vitest: { 'vitest.config.mjs': 'export default {};', 'two.test.mjs': `${head.vitest}test('two', () => {});` },
  jest: { 'jest.config.cjs': 'module.exports = { maxWorkers: 2 };', 'two.test.js': `test('two', () => {});` },
};

const later = 'await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));';
const endings: [what: string, body: string, more: string[]][] = [
  ['with --bail', `throw new Error('enough');`, ['--bail=1']],
  ['by process.exit() in a test', 'process.exit(3);', []],
  ['by an exception that nobody catches', `setImmediate(() => { throw new Error('enough'); }); ${later}`, []],
  ['by a rejection that nobody awaits', `void Promise.reject(new Error('enough')); ${later}`, []],
];

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

    // The runner's exit code is what it is without any forward.
    test.each(endings)('%s', async (_, body, more) => {
      await using service = await listenTcp();
      const run = async (files: Files): Promise<number> => {
        await using project = await makeProject(generation, files);
        const { exitCode, output } = await project.run(programs[runner], [...args[runner], ...more], {
          env: { SERVICE_PORT: String(service.port) },
        });
        expect(output).toContain('one.test');
        return exitCode;
      };
      const name = runner === 'vitest' ? 'one.test.mjs' : 'one.test.js';
      const open = { ...waiting[runner], [name]: (waiting[runner][name] ?? '').replace(say, body) };
      const codes = await Promise.all([
        run(open),
        run({ ...plain[runner], [name]: `${head[runner]}test('ends', async () => { ${body} });` }),
      ]);
      expect(codes[0]).toBe(codes[1]);
    });
  });
});
