// A service on 127.0.0.1:8088 and a forward to it, in a container with a network of its own. Says `told` what is refused, what the
// doctor finds and what is said of a port where nobody listens, then `open` the forward; a request for /close closes it.
import { createServer } from 'node:http';
import { doctor, openLocalhostForward } from 'localhost-forward';

const service = createServer((request, response) => {
  response.end(JSON.stringify('of the job'));
  if (request.url !== '/close') return;
  service.closeAllConnections();
  net.close().then(() => console.log('closed'), console.log);
}).listen(8088, '127.0.0.1');
const refused = await openLocalhostForward(8088, { strategy: 'nftables' }).catch(String);
const { ok, strategy } = await doctor();
const net = await openLocalhostForward(8088);
// The relay listens on one of the container's own addresses, and is no service.
await net.forward(8099);
const { finding } = await net.diagnose({ port: 8099 });
await net.unforward(8099);
console.log(`told ${JSON.stringify({ refused, ok, strategy, finding })}`);
console.log(`open ${JSON.stringify(net)}`);
setInterval(() => undefined, 60_000);
