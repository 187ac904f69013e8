import { createServer } from 'node:http';
import { openLocalhostForward, type Strategy } from 'localhost-forward';

// What a user may do by the documented lines of sudoers alone: `allowed <strategy> <close or stay>`.
const [strategy, act] = process.argv.slice(2) as [Strategy, string];
const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
await new Promise<void>((resolve) => {
  server.once('listening', resolve);
});
const { port } = server.address() as { port: number };
try {
  const net = await openLocalhostForward(port, { strategy, privilege: 'sudo' });
  await net.verify();
  const { finding } = await net.diagnose();
  const more = await net.forward({ hostPort: port, containerPort: port === 80 ? 81 : 80 });
  await net.unforward(more.containerPort);
  if (act === 'close') await net.close();
  console.log(`done ${net.strategy} ${net.privilege} ${finding}`);
  if (act === 'stay') {
    console.log(`pid ${process.pid}`);
    process.stdin.on('data', () => {
      void net.diagnose().then((found) => console.log(`found ${found.finding}: ${JSON.stringify(found)}`));
    });
  }
} catch (error) {
  console.log(`failed ${(error as Error).message.replaceAll('\n', ' ')}`);
}
if (act === 'close') server.close();
