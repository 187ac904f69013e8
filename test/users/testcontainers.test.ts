import { describe, expect, test } from 'vitest';
import { listenTcp } from '../support/services.ts';
import { triedGenerations } from './support/installs.ts';
import { expectNothingLeft } from './support/nothing-left.ts';
import { makeProject } from './support/projects.ts';

expectNothingLeft();

// Each container calls the service while it starts, and is ready only when it was answered.
const main = `
import assert from 'node:assert/strict';
import { withLocalhostForward } from 'localhost-forward';
import { GenericContainer, Wait } from 'testcontainers';

const program = "fetch('" + 'URL' + "').then((a) => a.text()).then((text) => console.log('answered ' + text)); setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit())";
const plain = (url) =>
  new GenericContainer(process.env.ASK_IMAGE)
    .withEntrypoint(['/node', '--eval', program.replace('URL', url)])
    .withBindMounts(JSON.parse(process.env.ASK_BINDS).map((bind) => bind.split(':')).map(([source, target]) => ({ source, target, mode: 'ro' })))
    .withWaitStrategy(Wait.forLogMessage(/answered .*marker-/))
    .withStartupTimeout(30_000);

await withLocalhostForward(Number(process.env.SERVICE_PORT), async (net) => {
  const builders = {
    alone: net.applyTo(plain(net.url())),
    'aliases after': net.applyTo(plain(net.url())).withNetworkAliases('later'),
    'aliases before': net.applyTo(plain(net.url()).withNetworkAliases('earlier')),
  };
  for (const [name, builder] of Object.entries(builders)) {
    assert.ok(builder instanceof GenericContainer);
    const started = await builder.start();
    try {
      assert.ok(started.getNetworkNames().includes(net.networkName), name);
    } finally {
      await started.stop();
    }
    console.log('started', name);
  }
  const { connections } = await net.hits();
  assert.equal(connections, 3);
  assert.throws(() => net.applyTo({}), /withNetworkMode/);
});
console.log('closed');
`;

describe.each(triedGenerations)('testcontainers, %s', (generation) => {
  test('a builder keeps its type and chain, and a container reaches the service while it starts', async () => {
    await using service = await listenTcp();
    await using project = await makeProject(generation, { 'main.mjs': main });
    const { exitCode, output } = await project.run('./main.mjs', [], { env: { SERVICE_PORT: String(service.port) } });
    expect(output.trim().split('\n')).toEqual([
      'started alone',
      'started aliases after',
      'started aliases before',
      'closed',
    ]);
    expect(exitCode).toBe(0);
    expect(service.callers.filter((address) => address !== '127.0.0.1').length).toBeGreaterThanOrEqual(3);
  });
});
