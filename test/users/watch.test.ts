import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { interfaceExists } from '../../src/host/kernel.ts';
import { listenTcp } from '../support/services.ts';
import { until } from '../support/until.ts';
import { triedGenerations } from './support/installs.ts';
import { openMeeting } from './support/meeting.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject, programs, type Files } from './support/projects.ts';

expectNothingLeft();

const ports = '{ hostPort: Number(process.env.SERVICE_PORT), containerPort: 8088 }';

const runners = {
  vitest: {
    args: ['--watch'],
    name: 'one.test.mjs',
    files: {
      'vitest.config.mjs': `export default { test: { globalSetup: './set-up.mjs' } };`,
      'set-up.mjs': `import { globalForward } from 'localhost-forward/vitest';\nexport default globalForward(${ports}, { verify: false });`,
    },
    text: (url: string) => `import { test as base } from 'vitest';
import { forwardFixture, injectForward } from 'localhost-forward/vitest';
const test = base.extend({ net: forwardFixture(${ports}, { verify: false }) });
test('says both', async ({ net }) => void (await fetch('${url}?' + net.bridgeName + '=' + injectForward().bridgeName)));`,
  },
  jest: {
    args: ['--watchAll'],
    name: 'one.test.js',
    files: {
      'jest.config.cjs': `module.exports = { preset: 'localhost-forward/jest', testEnvironmentOptions: { localhostForward: { ports: ${ports}, verify: false } } };`,
    },
    text: (url: string) => `const { forwardAddress, useLocalhostForward } = require('localhost-forward/jest');
const net = useLocalhostForward(${ports}, { verify: false });
test('says both', async () => void (await fetch('${url}?' + net.bridgeName + '=' + forwardAddress().bridgeName)));`,
  },
} as const;

describe.each(triedGenerations)('watching, %s', (generation) => {
  test.each(['vitest', 'jest'] as const)('%s runs again and leaves no forward of the run before', async (name) => {
    const runner = runners[name];
    await using service = await listenTcp();
    await using first = await openMeeting(1);
    await using second = await openMeeting(1, { letGo: false });
    await using project = await makeProject(generation, {
      ...(runner.files as Files),
      [runner.name]: runner.text(first.url),
    });
    await using script = project.start(programs[name], runner.args, { env: { SERVICE_PORT: String(service.port) } });
    const [own = '', shared = ''] = (await first.all)[0]?.split('=') ?? [];
    await until(() => !interfaceExists(own), { what: 'the first run’s own forward to be closed', timeoutMs: 30_000 });
    let came = false;
    second.all.then(
      () => (came = true),
      () => {},
    );
    // Jest takes no notice of a change while it is still tearing down, and does not tell when it is done.
    const change = async (): Promise<boolean> => {
      if (!came) await writeFile(join(project.folder, runner.name), runner.text(second.url));
      return came;
    };
    await until(change, { what: `${name} to run again`, timeoutMs: 40_000, everyMs: 1_000 });
    const [ownAgain = '', sharedAgain = ''] = (await second.all)[0]?.split('=') ?? [];
    expect(ownAgain).not.toBe(own);
    // Vitest sets up once for all runs, Jest anew for each.
    expect(sharedAgain === shared).toBe(name === 'vitest');
    expect(interfaceExists(shared)).toBe(name === 'vitest');
    expect([ownAgain, sharedAgain].map(interfaceExists)).toEqual([true, true]);
    await script.killGroup('SIGINT');
  });
});
