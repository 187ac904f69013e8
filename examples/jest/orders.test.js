const { execFile } = require('node:child_process');
const { createServer } = require('node:http');
const { promisify } = require('node:util');
const { forwardAddress } = require('localhost-forward/jest');

const image = process.env.IMAGE ?? 'curlimages/curl';
const service = createServer((_request, response) => response.end('3 orders'));
beforeAll(() => new Promise((resolve) => service.listen(8088, '127.0.0.1', resolve)));
afterAll(() => service.close());

test('a container reaches the service on 127.0.0.1', async () => {
  const net = forwardAddress();
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', net.url()];
  const { stdout } = await promisify(execFile)('docker', call);
  expect(stdout).toBe('3 orders');
  await expect(net).toHaveBeenReached({ port: 8088 });
});
