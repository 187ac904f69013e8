import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { openLocalhostForward } from 'localhost-forward';
import { GenericContainer, Wait } from 'testcontainers';

const image = process.env.IMAGE ?? 'curlimages/curl';
const { interactions } = JSON.parse(await readFile(`${import.meta.dirname}/contract.json`, 'utf8'));

test('the consumer, in a container, asks what the contract says and nothing else', async (t) => {
  const asked = [];
  const answer = async (request, response) => {
    const body = await text(request);
    const got = { method: request.method, path: request.url, ...(body && { body: JSON.parse(body) }) };
    const agreed = interactions.find((interaction) => isDeepStrictEqual(interaction.request, got));
    asked.push(agreed?.description ?? got);
    const { status, body: document } = agreed?.response ?? { status: 501, body: 'not in the contract' };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  };
  const provider = createServer((request, response) => void answer(request, response));
  await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve));
  t.after(() => provider.close());

  await using net = await openLocalhostForward({ hostPort: provider.address().port, containerPort: 80 });
  // In a real test it is the consumer's own image, which is told where the provider is.
  const consumer = 'curl -fsS "$ORDERS_URL/orders/7" && curl -fsS --json \'{"article":12}\' "$ORDERS_URL/orders"';
  const builder = net.applyTo(new GenericContainer(image)).withEnvironment({ ORDERS_URL: net.url() });
  await using container = await builder
    .withCommand(['sh', '-c', consumer])
    .withWaitStrategy(Wait.forOneShotStartup())
    .start();
  assert.ok(container.getId());
  assert.deepEqual(
    asked,
    interactions.map(({ description }) => description),
  );
});
