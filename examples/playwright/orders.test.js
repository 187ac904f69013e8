import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { expect, forwardFixture, test as base } from 'localhost-forward/playwright';

const image = process.env.IMAGE ?? 'curlimages/curl';

const withService = base.extend({
  service: async ({}, use) => {
    const service = createServer((_request, response) => response.end('3 orders'));
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    await use(service.address());
    service.close();
  },
});
const test = withService.extend({
  // `net` is the worker's: this one is the test's.
  orders: forwardFixture(({ service }) => ({ hostPort: service.port, containerPort: 80 })),
});

test('a container reaches the service on 127.0.0.1', async ({ orders }) => {
  const call = ['run', '--rm', ...orders.dockerRunArgs, image, 'curl', '-fsS', orders.url()];
  const { stdout } = await promisify(execFile)('docker', call);
  expect(stdout).toBe('3 orders');
  await expect(orders).toHaveBeenReached({ times: 1 });
});
