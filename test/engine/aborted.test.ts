import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLocalhostForward } from '../../src/index.ts';
import { spawnScript } from '../support/children.ts';
import { gateDocker } from '../support/gated-docker.ts';
import { renderDifference } from '../support/host-snapshot.ts';
import { snapshotHere } from '../support/leftovers.ts';
import { openPrograms } from '../support/programs.ts';
import { until } from '../support/until.ts';

/* Case 26: what hangs does not keep an opening whose signal aborts. */

const isWhole = process.env['LHF_TEST_ALL'] === '1';
const never = new Promise<never>(() => undefined);

test.each([
  'POST /networks/create',
  'POST /containers/create',
  ...(isWhole ? ['GET /info', 'POST /containers/<id>/attach'] : []),
])('an engine that hangs in %s', async (hanging) => {
  const before = await snapshotHere();
  const abort = new AbortController();
  const docker = gateDocker({
    before: (call) => {
      if (call !== hanging) return undefined;
      abort.abort(new Error('enough'));
      return never;
    },
  });
  // So that it is given up soon for others, too.
  Object.assign(docker.modem, { timeout: 2_000 });
  await expect(openLocalhostForward(0, { docker, signal: abort.signal })).rejects.toMatchObject({
    code: 'LHF_ERR_ABORTED',
    cause: new Error('enough'),
  });
  // What is shared with others is not given up for it.
  await (await openLocalhostForward([], { verify: false })).close();
  await until(async () => renderDifference(before, await snapshotHere()) === '', { what: 'all of it to go' });
});

// It is waited for by the undoing, which takes its time.
test.each(isWhole ? ['nft'] : [])('a program that hangs: %s', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lhf-aborted-'));
  await using system = await openPrograms({
    nft: `if [ "$1" = -i ]; then : > ${folder}/began; exec sleep 3608; fi; exec "$REAL" "$@"`,
  });
  const before = await snapshotHere();
  const source = `
    import { existsSync } from 'node:fs';
    import { openLocalhostForward } from 'localhost-forward';
    const abort = new AbortController();
    const opening = openLocalhostForward(0, { strategy: 'nftables', signal: abort.signal });
    setInterval(() => existsSync('${folder}/began') && abort.abort(new Error('enough')), 20).unref();
    const { code, message } = await opening.catch((error) => error);
    console.log(JSON.stringify({ code, message }));`;
  await using script = spawnScript({ source, spawn: system.spawn });
  expect(JSON.parse(await script.waitForLine(/^\{/))).toEqual({
    code: 'LHF_ERR_ABORTED',
    message:
      'Opening was aborted by its signal: Error: enough\n  what it had begun is still being undone\nTry: localhost-forward sweep',
  });
  expect(await script.exit).toEqual({ code: 0, signal: null });
  await rm(folder, { recursive: true });
  await until(async () => renderDifference(before, await snapshotHere()) === '', { what: 'all of it to go' });
});
