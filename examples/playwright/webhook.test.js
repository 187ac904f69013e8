import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'localhost-forward/playwright';

const image = process.env.IMAGE ?? 'curlimages/curl';
test.use({ localhostForward: { ports: { hostPort: 0, containerPort: 80 }, listener: true } });

test('a container calls our webhook', async ({ net }) => {
  // What is tested: here it is curl, in a real test a service that was told to call `net.url()`.
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', '--json', '{"id":7}', `${net.url()}/paid`];
  await promisify(execFile)('docker', call);

  const webhook = await net.nextRequest({ method: 'POST', path: '/paid' });
  expect(webhook.json()).toEqual({ id: 7 });
});
