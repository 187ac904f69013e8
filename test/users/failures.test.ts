import { describe, expect, test } from 'vitest';
import { listenTcp } from '../support/services.ts';
import { triedGenerations } from './support/installs.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs, type Files } from './support/projects.ts';

expectNothingLeft();

/** A project whose global set-up opens one forward, and whose only test passes by itself. */
const projectOf = (runner: 'vitest' | 'jest', options: string): Files =>
  runner === 'vitest'
    ? {
        'vitest.config.mjs': `export default { test: { globalSetup: './set-up.mjs', reporters: 'verbose' } };`,
        'set-up.mjs': `import { globalForward } from 'localhost-forward/vitest';
const { ports, ...options } = ${options};
export default globalForward(ports, options);`,
        'one.test.mjs': `import { test } from 'vitest';\ntest('passes', () => {});`,
      }
    : {
        'jest.config.cjs': `module.exports = { preset: 'localhost-forward/jest', verbose: true, testEnvironmentOptions: { localhostForward: ${options} } };`,
        'one.test.js': `test('passes', () => {});`,
      };

const args = { vitest: ['run'], jest: [] } as const;

describe.each(triedGenerations)('%s', (generation) => {
  describe.each(['vitest', 'jest'] as const)('a global set-up of %s that fails', (runner) => {
    test.each([
      [
        'its port is taken',
        'PORT',
        {},
        /Port \d+ on 127\.0\.0\.1 is taken, and the option `listener` asks for it\n *something listens on 127\.0\.0\.1/,
      ],
      [
        'nobody may install rules',
        '80',
        { LOCALHOST_FORWARD_PRIVILEGE: 'none', LOCALHOST_FORWARD_STRATEGY: 'nftables' },
        /Nobody here may install rules: privilege 'none' was asked for/,
      ],
      [
        'no engine answers',
        '80',
        { DOCKER_HOST: 'unix:///nonexistent/docker.sock' },
        /No Docker engine answers at unix:\/\/\/nonexistent\/docker\.sock: /,
      ],
    ])('%s: our message comes first, no test runs', async (_why, port, env, message) => {
      await using service = await listenTcp();
      const ports = port === 'PORT' ? service.port : port;
      await using project = await makeProject(generation, projectOf(runner, `{ ports: ${ports}, listener: true }`));
      const { exitCode, output } = await project.run(programs[runner], args[runner], { env });
      expect(output).toMatch(message);
      const [first = ''] = output
        .split('\n')
        .filter((line) => /error|127\.0\.0\.1|rules|engine/i.test(line) && !/RUN|Unhandled|⎯/.test(line));
      expect(output.slice(output.indexOf(first))).toMatch(new RegExp(`^[^\\n]*(?:${message.source})`));
      expect(output).not.toMatch(/✓/);
      expect(exitCode).not.toBe(0);
    });
  });

  // The engine refuses once, at the worst moment; the guardian does the rest.
  const clumsy = `
const Docker = require('dockerode');
const docker = new Docker(process.env.DOCKER_HOST ? undefined : { socketPath: '/var/run/docker.sock' });
const getNetwork = docker.getNetwork.bind(docker);
docker.getNetwork = (id) => Object.assign(getNetwork(id), { remove: () => Promise.reject(new Error('the engine is clumsy')) });
module.exports = { docker };
`;

  test.each([
    [
      'vitest',
      'one.test.mjs',
      `import { test as base } from 'vitest';
import { forwardFixture } from 'localhost-forward/vitest';
import { docker } from './clumsy.cjs';
const test = base.extend({ net: forwardFixture({ hostPort: 0, containerPort: 80 }, { docker, verify: false }) });
test('fails', ({ net }) => { throw new Error('the test itself failed on ' + net.networkName); });`,
    ],
    [
      'jest',
      'one.test.js',
      `const { useLocalhostForward } = require('localhost-forward/jest');
const { docker } = require('./clumsy.cjs');
const net = useLocalhostForward({ hostPort: 0, containerPort: 80 }, { docker, verify: false });
test('fails', () => { throw new Error('the test itself failed on ' + net.networkName); });`,
    ],
  ] as const)(
    'a failing test of %s shows its own error before that of a close that fails too',
    async (runner, file, text) => {
      await using project = await makeProject(generation, {
        [file]: text,
        'clumsy.cjs': clumsy,
        'jest.config.cjs': 'module.exports = {}',
      });
      const { exitCode, output } = await project.run(programs[runner], args[runner]);
      expect(output).toMatch(
        /the test itself failed on lhf-\w{8}[^]*The forward lhf-\w{8} could not be closed whole[^]*the engine is clumsy/,
      );
      expect(exitCode).toBe(1);
    },
  );
});
