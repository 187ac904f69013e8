import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { withLocalhostForward } from 'localhost-forward';
import { GenericContainer, Wait } from 'testcontainers';

const image = process.env.IMAGE ?? 'curlimages/curl';

test('a container that needs the service to start', async (t) => {
  const service = createServer((_request, response) => response.end('3 orders\n'));
  await new Promise((resolve) => service.listen(8088, '127.0.0.1', resolve));
  t.after(() => service.close());

  await withLocalhostForward(8088, async (net) => {
    // Keeps its type: whatever a builder can do, it can do after this, too.
    const container = await net
      .applyTo(new GenericContainer(image))
      .withCommand(['curl', '-fsS', net.url()])
      .withWaitStrategy(Wait.forLogMessage('3 orders'))
      .start();
    await container.stop();
    assert.equal((await net.hits(8088)).connections, 1);
  });
});
