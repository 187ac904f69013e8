import { expect, test } from 'vitest';
import { expectNothingLeft } from './support/nothing-left.ts';
import { manage } from './support/managers.ts';

/*
 * The package as pnpm, Yarn's Plug'n'Play and npm's workspaces lay it out: what it loads and starts is found there by this process, its
 * threads, its containers, and by the guardian that remains after it.
 */

expectNothingLeft();

const life = `
import { isLocalhostForwardError, openLocalhostForward } from 'localhost-forward';
for (const strategy of process.argv.slice(2)) {
  const net = await openLocalhostForward({ hostPort: 0, containerPort: 80 }, { strategy, listener: true });
  const { ports: [{ proof }] } = await net.verify();
  await net.close();
  console.log(strategy + ' ' + proof);
}
console.log(await openLocalhostForward(70_000).catch((error) => isLocalhostForwardError(error) && error.code));
// Its guardian's.
await openLocalhostForward([], { verify: false });
process.stdout.write('open\\n', () => process.exit(0));
`;

const files = {
  'life.mjs': life,
  'life.cjs': `const { doctor } = require('localhost-forward');\ndoctor().then(({ ok }) => console.log('doctor ' + ok));`,
};

/** The adapter takes the project's own runner. */
const withRunner = {
  ...files,
  'vitest.config.mjs': `export default { test: { globalSetup: './set-up.mjs', setupFiles: ['localhost-forward/vitest/matchers'], testTimeout: 60_000 } };`,
  'set-up.mjs': `import { globalForward } from 'localhost-forward/vitest';\nexport default globalForward({ hostPort: 0, containerPort: 80 }, { listener: true });`,
  'one.test.mjs': `
import { expect, test as base } from 'vitest';
import { forwardFixture, injectForward } from 'localhost-forward/vitest';
const test = base.extend({ net: forwardFixture({ hostPort: 0, containerPort: 81 }, { listener: true }) });
test('works', async ({ net }) => {
  await expect(net).toBeReachableFromContainer({ port: 81 });
  await expect(injectForward()).toBeReachableFromContainer({ port: 80 });
});`,
};

test.each(['pnpm', 'yarn', 'npm'] as const)('installed by %s', async (manager) => {
  const project = await manage(manager, manager === 'npm' ? files : withRunner);
  // What each of them starts lies where the manager put it: in Yarn's case in an archive.
  const strategies = manager === 'yarn' ? ['auto', 'relay', 'sidecar'] : ['auto'];
  expect((await project.node('life.mjs', ...strategies)).split('\n')).toEqual([
    ...strategies.map((strategy) => `${strategy} nonce`),
    'LHF_ERR_INVALID_OPTION',
    'open',
    '',
  ]);
  expect(await project.node('life.cjs')).toBe('doctor true\n');
  expect(JSON.parse(await project.program('doctor', '--json'))).toMatchObject({ ok: true });
  if (manager === 'npm') return;
  expect(await project.runner()).toMatch(/Tests\s+1 passed \(1\)/);
});
