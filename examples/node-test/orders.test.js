import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openLocalhostForward } from 'localhost-forward';

const image = process.env.IMAGE ?? 'curlimages/curl';

test('a container reaches the service on 127.0.0.1', async (t) => {
  const service = createServer((_request, response) => response.end('3 orders'));
  await new Promise((resolve) => service.listen(8088, '127.0.0.1', resolve));
  t.after(() => service.close());

  // Closed at the end of this function. Before Node 24: `const net = …` and `t.after(() => net.close())`.
  await using net = await openLocalhostForward({ hostPort: 8088, containerPort: 80 });
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', net.url()];
  const { stdout } = await promisify(execFile)('docker', call);
  assert.equal(stdout, '3 orders');
});
