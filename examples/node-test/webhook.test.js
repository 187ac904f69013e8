import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openLocalhostForward } from 'localhost-forward';

const image = process.env.IMAGE ?? 'curlimages/curl';

test('a container calls our webhook', async () => {
  await using net = await openLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: true });

  // What is tested: here it is curl, in a real test a service that was told to call `net.url()`.
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', '--json', '{"id":7}', `${net.url()}/paid`];
  await promisify(execFile)('docker', call);

  const webhook = await net.nextRequest({ method: 'POST', path: '/paid' });
  assert.deepEqual(webhook.json(), { id: 7 });
});
