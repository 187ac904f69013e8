import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { useLocalhostForward } from 'localhost-forward/jest';
import 'localhost-forward/jest/matchers';

const image = process.env.IMAGE ?? 'curlimages/curl';

const service = createServer((_request, response) => response.end('3 orders'));
beforeAll((done) => void service.listen(0, '127.0.0.1', done));
afterAll((done) => void service.close(done));

// Opened after the hooks above, and closed after the tests of this file.
const net = useLocalhostForward(() => ({ hostPort: (service.address() as AddressInfo).port, containerPort: 80 }));

test('a container gets the orders', async () => {
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', net.url()];
  const { stdout } = await promisify(execFile)('docker', call);
  expect(stdout).toBe('3 orders');
  await expect(net).toHaveBeenReached({ times: 1 });
}, 60_000);
