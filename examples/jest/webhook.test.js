const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const { useLocalhostForward } = require('localhost-forward/jest');

const image = process.env.IMAGE ?? 'curlimages/curl';
const net = useLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener: true });

test('a container calls our webhook', async () => {
  // What is tested: here it is curl, in a real test a service that was told to call `net.url()`.
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', '--json', '{"id":7}', `${net.url()}/paid`];
  await promisify(execFile)('docker', call);

  const webhook = await net.nextRequest({ method: 'POST', path: '/paid' });
  expect(webhook.json()).toEqual({ id: 7 });
});
