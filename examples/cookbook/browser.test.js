import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { openLocalhostForward } from 'localhost-forward';
import { PNG } from 'pngjs';
import { GenericContainer, Wait } from 'testcontainers';

const image = process.env.BROWSER_IMAGE ?? 'zenika/alpine-chrome';
const pages = {
  '/': ['text/html', '<!doctype html><body><h1>Orders</h1><script src="/app.js"></script>'],
  '/app.js': ['text/javascript', 'document.body.style.background = "rgb(0, 102, 204)"'],
};

test('a browser in a container shows what a dev server on ::1 serves', async (t) => {
  const service = createServer((request, response) => {
    const [type, body] = pages[request.url] ?? ['text/plain', ''];
    response.setHeader('content-type', type).end(body);
  });
  await new Promise((resolve) => service.listen(5173, '::1', resolve));
  t.after(() => service.close());

  // Nothing listens on 127.0.0.1, so that the forward leads to ::1.
  await using net = await openLocalhostForward(5173);
  const flags = [
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--window-size=400,300',
    '--screenshot=/tmp/page.png',
  ];
  const browser = net.applyTo(new GenericContainer(image)).withCommand([...flags, net.url()]);
  await using container = await browser.withWaitStrategy(Wait.forOneShotStartup()).start();

  const archive = await buffer(await container.copyArchiveFromContainer('/tmp/page.png'));
  // A tar archive of one file: a block of 512 bytes tells its size, in octal digits.
  const page = PNG.sync.read(archive.subarray(512, 512 + parseInt(archive.toString('latin1', 124, 136), 8)));
  const middle = (page.height / 2) * page.width * 4 + page.width * 2;
  assert.deepEqual([page.width, page.height], [400, 300]);
  assert.deepEqual([...page.data.subarray(middle, middle + 3)], [0, 102, 204]);
});
