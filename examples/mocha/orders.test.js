import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { openLocalhostForward } from 'localhost-forward';

const image = process.env.IMAGE ?? 'curlimages/curl';

describe('the orders', () => {
  const service = createServer((_request, response) => response.end('3 orders'));
  let net;

  before(async () => {
    await new Promise((resolve) => service.listen(0, '127.0.0.1', resolve));
    net = await openLocalhostForward({ hostPort: service.address().port, containerPort: 80 });
  });
  after(() => net?.close());
  after(() => service.close());

  it('are what a container gets', async () => {
    const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', net.url()];
    const { stdout } = await promisify(execFile)('docker', call);
    assert.equal(stdout, '3 orders');
  });
});
