// Accepts whatever comes, and says `open <count>` whenever a connection begins or ends.
//   node test/firewall/programs/acceptor.ts [host] [port]
import { createServer, type AddressInfo } from 'node:net';

const [host = '127.0.0.1', port = '0'] = process.argv.slice(2);
let open = 0;
const tell = (change: number): void => console.log(`open ${(open += change)}`);
const server = createServer((socket) => {
  tell(1);
  socket.on('error', () => undefined).on('close', () => tell(-1));
  socket.resume();
});
server.listen(Number(port), host, () => console.log(`port ${(server.address() as AddressInfo).port}`));
