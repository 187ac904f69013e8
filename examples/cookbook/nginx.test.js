import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { openLocalhostForward } from 'localhost-forward';
import { GenericContainer, Wait } from 'testcontainers';

const image = process.env.NGINX_IMAGE ?? 'nginx:alpine';
const requests = Number(process.env.REQUESTS ?? 10_000);
const conf = { source: `${import.meta.dirname}/nginx.conf`, target: '/etc/nginx/nginx.conf' };

const agent = new Agent({ keepAlive: true });
const fetchText = async (url) => {
  const [response] = await once(get(url, { agent }), 'response');
  return text(response);
};

test('nginx in a container proxies to a server on 127.0.0.1', async (t) => {
  const service = createServer((request, response) => response.end(`you asked for ${request.url}`));
  await new Promise((resolve) => service.listen(8088, '127.0.0.1', resolve));
  t.after(() => service.close());

  await using net = await openLocalhostForward(8088);
  const proxy = net.applyTo(new GenericContainer(image)).withCopyFilesToContainer([conf]).withExposedPorts(80);
  await using nginx = await proxy.withWaitStrategy(Wait.forHttp('/', 80)).start();
  const before = await net.hits(8088);

  // Nginx opens a connection for each request. Beside them other ports come and go.
  const url = `http://${nginx.getHost()}:${nginx.getMappedPort(80)}`;
  let asked = 0;
  const ask = async () => {
    while (asked < requests) {
      const n = (asked += 1);
      if (n % 100 === 0) await comeAndGo(20_000 + n);
      assert.equal(await fetchText(`${url}/${n}`), `you asked for /${n}`);
    }
  };
  const comeAndGo = async (containerPort) => {
    await net.forward({ hostPort: 0, containerPort });
    await net.unforward(containerPort);
  };
  await Promise.all(Array.from({ length: 16 }, ask));
  agent.destroy();

  assert.equal((await net.hits(8088)).connections - before.connections, requests);
  t.diagnostic(`${requests} came back by ${net.strategy}, while ${requests / 100} ports came and went`);
});
