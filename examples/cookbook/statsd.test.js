import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { openLocalhostForward } from 'localhost-forward';

const image = process.env.BASH_IMAGE ?? 'bash:5';

test('a container counts by statsd', async (t) => {
  const statsd = createSocket('udp4').bind(8125, '127.0.0.1');
  await once(statsd, 'listening');
  t.after(() => statsd.close());

  await using net = await openLocalhostForward({ hostPort: 8125, protocol: 'udp' });
  const counted = once(statsd, 'message');
  const send = `printf %s 'orders.created:1|c' > /dev/udp/${net.hostname}/8125`;
  await promisify(execFile)('docker', ['run', '--rm', ...net.dockerRunArgs, image, 'bash', '-c', send]);

  const [message] = await counted;
  assert.equal(message.toString(), 'orders.created:1|c');
  assert.equal((await net.hits(8125)).packets, 1);
});
