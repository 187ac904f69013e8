import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { openLocalhostForward } from 'localhost-forward';
import { GenericContainer, Wait } from 'testcontainers';

const image = process.env.PROMETHEUS_IMAGE ?? 'prom/prometheus';
const conf = { source: `${import.meta.dirname}/prometheus.yml`, target: '/etc/prometheus/prometheus.yml' };

test('Prometheus in a container scrapes metrics of 127.0.0.1', async (t) => {
  const paths = new Set();
  const service = createServer(({ url }, response) => {
    paths.add(url);
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('orders_total 7\n');
  });
  await new Promise((resolve) => service.listen(9464, '127.0.0.1', resolve));
  t.after(() => service.close());

  await using net = await openLocalhostForward(9464);
  const builder = net.applyTo(new GenericContainer(image)).withCopyFilesToContainer([conf]).withExposedPorts(9090);
  const knows = Wait.forHttp('/api/v1/query?query=orders_total', 9090);
  await using prometheus = await builder
    .withWaitStrategy(knows.forResponsePredicate((body) => body.includes('"7"')))
    .start();
  assert.ok(prometheus.getId());
  assert.deepEqual([...paths], ['/metrics']);
});
