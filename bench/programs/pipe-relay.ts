// What a relay is measured by: two sockets and `pipe`, as anybody would write it.
import { connect, createServer, type AddressInfo } from 'node:net';

const [host = '', port] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (caller) => {
  const service = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true });
  caller.on('error', () => service.destroy()).pipe(service);
  service.on('error', () => caller.destroy()).pipe(caller);
});
server.listen({ host, port: 0, backlog: 1024 }, () =>
  console.log(JSON.stringify((server.address() as AddressInfo).port)),
);
process.stdin.on('end', () => process.exit()).resume();
