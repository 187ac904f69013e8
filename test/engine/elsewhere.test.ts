import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { spawnScript } from '../support/children.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { requirePlace } from '../support/place.ts';
import { execHere, spawnHere } from '../support/run.ts';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const opening = `
import { openLocalhostForward } from 'localhost-forward';
import { createServer } from 'node:http';
const service = createServer().listen(0, '127.0.0.1', async () => {
  const { port } = service.address();
  await openLocalhostForward(port).then(
    async (net) => {
      console.log('open ' + JSON.stringify([net.strategy, net.reasons.map(({ reason }) => reason)]));
      await net.close();
    },
    ({ message }) => console.log('open ' + JSON.stringify([message])),
  );
  service.close();
});
`;

test('from a network namespace beside the engine’s, its containers reach the loopback there, and the reasons tell why not by rules', async () => {
  const before = await snapshotHere();
  const inside = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'inside'];
  await using script = spawnScript({
    source: opening,
    spawn: (argv, options) => spawnHere([...inside, ...argv], options),
  });
  const [strategy, reasons] = JSON.parse((await script.waitForLine(/^open /)).slice('open '.length)) as [
    string,
    string[],
  ];
  expect(strategy).toBe('sidecar');
  expect(reasons.length).toBeGreaterThanOrEqual(3);
  for (const reason of reasons.slice(0, 3))
    expect(reason).toMatch(/^the engine at unix:\S+ has its bridges in another network namespace than this process$/);
  expect(await script.exit).toEqual({ code: 0, signal: null });
  expect(renderDifference(before, await snapshotHere())).toBe('');
});

// A fake in one thing: the socket of a rootless Docker's place leads to the engine of these tests.
test('where the usual socket is missing, one that an engine has elsewhere is told, and the advice leads to it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-runtime-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await symlink(requirePlace().socketPath, join(folder, 'docker.sock'));
  // Nothing is at /run in these mounts; the folder is reached by another way.
  const runtime = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /run && exec sh -c "$@"', 'inside'];
  const smoke = (first: string) =>
    execHere([...runtime, `unset DOCKER_HOST; ${first}; exec "$0" "$@"`, process.execPath, cli, 'smoke'], {
      env: { XDG_RUNTIME_DIR: folder, DOCKER_HOST: undefined },
    });
  const told = await smoke(':');
  expect(told.exitCode).not.toBe(0);
  const words = `${told.stdout}${told.stderr}`;
  expect(words).toContain('No Docker engine answers at unix:///var/run/docker.sock');
  expect(words).toContain('there is a socket of a rootless Docker, which nobody has named');
  const advice = /Try: (.*)/.exec(words)?.[1] ?? '';
  expect(advice).toBe(`export DOCKER_HOST=unix://${folder}/docker.sock`);
  const done = await smoke(advice);
  expect(done.stdout).toContain('Works');
  expect(done.exitCode).toBe(0);
});
