import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { openLocalhostForward } from 'localhost-forward';
import { GenericContainer, Wait } from 'testcontainers';

const image = process.env.NGINX_IMAGE ?? 'nginx:alpine';
const conf = { source: `${import.meta.dirname}/flaky.conf`, target: '/etc/nginx/nginx.conf' };

test('a gateway in a container bears an upstream that fails', async (t) => {
  const service = createServer((_request, response) => response.end('3 orders'));
  await new Promise((resolve) => service.listen(8088, '127.0.0.1', resolve));
  t.after(() => service.close());

  // The relay slows on any kernel.
  await using net = await openLocalhostForward(8088, { strategy: process.env.LOCALHOST_FORWARD_STRATEGY ?? 'relay' });
  const builder = net.applyTo(new GenericContainer(image)).withCopyFilesToContainer([conf]).withExposedPorts(80);
  await using gateway = await builder.withWaitStrategy(Wait.forHttp('/', 80)).start();
  const ask = async () => {
    const response = await fetch(`http://${gateway.getHost()}:${gateway.getMappedPort(80)}`);
    return [response.status, response.headers.get('x-upstream'), await response.text()];
  };
  const sorry = 'Orders are closed for a moment';
  assert.deepEqual(await ask(), [200, null, '3 orders']);

  await net.cut(8088); // refused at once
  assert.deepEqual(await ask(), [503, '502', sorry]);

  await net.cut(8088, { mode: 'drop' }); // no answer: the gateway's own time-out
  assert.deepEqual(await ask(), [503, '504', sorry]);

  await net.restore(8088);
  await net.slow(8088, { latencyMs: 1500 }); // an answer, but too late
  assert.deepEqual(await ask(), [503, '504', sorry]);

  await net.restore(8088);
  assert.deepEqual(await ask(), [200, null, '3 orders']);
});
