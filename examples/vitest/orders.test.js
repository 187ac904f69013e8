import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { forwardFixture } from 'localhost-forward/vitest';
import { afterAll, test as base, beforeAll, expect } from 'vitest';

const image = process.env.IMAGE ?? 'curlimages/curl';
const service = createServer((_request, response) => response.end('3 orders'));
beforeAll(() => new Promise((resolve) => service.listen(8088, '127.0.0.1', resolve)));
afterAll(() => service.close());

const test = base.extend({ net: forwardFixture(8088, { scope: 'file' }) });

test('a container reaches the service on 127.0.0.1', async ({ net }) => {
  await expect(net).toBeReachableFromContainer({ port: 8088 });
});

test('and its request is counted', async ({ net }) => {
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', net.url()];
  const { stdout } = await promisify(execFile)('docker', call);
  expect(stdout).toBe('3 orders');
  await expect(net).toHaveBeenReached({ port: 8088 });
});
