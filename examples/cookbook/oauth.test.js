import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { openLocalhostForward } from 'localhost-forward';
import { GenericContainer, Wait } from 'testcontainers';

const image = process.env.BROWSER_IMAGE ?? 'zenika/alpine-chrome';

const listen = async (t, port, answer) => {
  const server = createServer((request, response) => answer(new URL(request.url, 'http://here'), response));
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.after(() => server.close());
};
const redirect = (response, to) => response.writeHead(302, { location: to }).end();

test('a browser in a container signs in, and comes back to the callback', async (t) => {
  await using net = await openLocalhostForward([3000, 9090]);
  const [app, provider] = [net.url(3000), net.url(9090)];

  // The provider: it would ask for a password, and tells who came for each code once.
  const codes = new Map();
  await listen(t, 9090, ({ pathname, searchParams: asked }, response) => {
    if (pathname === '/authorize') {
      codes.set('code-1', asked.get('redirect_uri'));
      const answer = new URLSearchParams({ code: 'code-1', state: asked.get('state') });
      redirect(response, `${asked.get('redirect_uri')}?${answer}`);
    } else {
      const fits = codes.get(asked.get('code')) === asked.get('redirect_uri') && codes.delete(asked.get('code'));
      response.writeHead(fits ? 200 : 400).end(JSON.stringify({ name: 'Ada' }));
    }
  });

  // The app: what the browser sees has the containers' name of this host, what the app asks itself is on 127.0.0.1.
  const callback = `${app}/callback`;
  await listen(t, 3000, async ({ pathname, searchParams: given }, response) => {
    if (pathname === '/callback') {
      assert.equal(given.get('state'), 'state-1');
      const exchange = new URLSearchParams({ code: given.get('code'), redirect_uri: callback });
      const { name } = await (await fetch(`http://127.0.0.1:9090/token?${exchange}`)).json();
      response.end(`<h1>Signed in as ${name}</h1>`);
    } else {
      redirect(response, `${provider}/authorize?${new URLSearchParams({ redirect_uri: callback, state: 'state-1' })}`);
    }
  });

  const browser = net.applyTo(new GenericContainer(image)).withCommand(['--no-sandbox', '--dump-dom', app]);
  await using container = await browser.withWaitStrategy(Wait.forLogMessage('<h1>Signed in as Ada</h1>')).start();
  assert.ok(container.getId());
  assert.equal(codes.size, 0);
});
