// Sends back whatever it is sent. `listen <address>` on standard input is answered with the port.
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

const listen = (host: string): void => {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('data', (data) => socket.write(data)).on('error', () => socket.destroy());
  });
  server.listen(0, host, () => console.log(JSON.stringify((server.address() as AddressInfo).port)));
};

createInterface({ input: process.stdin })
  .on('line', (line) => listen(line.split(' ')[1] ?? ''))
  .on('close', () => process.exit());
