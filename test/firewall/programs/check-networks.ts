// Has the smoke check look whether the forward of a service that hangs up at once is closed to other networks: as it is, and opened to them.
//   node test/firewall/programs/check-networks.ts <strategy> <reset | end>
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { run } from '../../../src/command/run.ts';
import { connectEngine } from '../../../src/engine/engine.ts';
import { openLocalhostForward, type Strategy } from '../../../src/index.ts';
import { currentSession } from '../../../src/ownership/session.ts';
import { checkOtherNetworks } from '../../../src/smoke/closed.ts';

const [strategy, how] = process.argv.slice(2) as [Strategy, string];
const hangUp = (socket: Socket): void => void (how === 'reset' ? socket.resetAndDestroy() : socket.end());
const listen = async (host: string, port: number) => {
  const server = createServer(hangUp);
  await once(server.listen({ host, port }), 'listening');
  return server;
};

const engine = await connectEngine();
const service = await listen('127.0.0.1', 0);
const { port } = service.address() as AddressInfo;
const net = await openLocalhostForward(port, { strategy, verify: false });
const check = (): Promise<string> =>
  checkOtherNetworks(engine, net, currentSession(`${engine.facts.endpoint} root`).word).then(
    (tried) => `closed: ${tried}`,
    String,
  );
console.log(await check());
// A relay is where it lets nobody else in: whoever gives others an address of its network does. Rules end before the gateway's own sockets.
const inside = net.gateway.replace(/\d+$/, (last) => String(Number(last) + 9));
const where = ['-i', 'docker0', '-d', net.gateway, '-p', 'tcp', '--dport', String(port)];
const door = strategy === 'relay' ? undefined : await listen(net.gateway, port);
if (door === undefined)
  await run(['iptables', '-t', 'nat', '-I', 'INPUT', ...where, '-j', 'SNAT', '--to-source', inside]);
console.log(await check());
if (door === undefined)
  await run(['iptables', '-t', 'nat', '-D', 'INPUT', ...where, '-j', 'SNAT', '--to-source', inside]);
door?.close();
service.close();
await net.close();
