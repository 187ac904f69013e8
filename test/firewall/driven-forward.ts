// A forward in a private engine that does what it is told on standard input, and answers each line with one line of JSON.
//   node driven-forward.ts '{"strategy":"nftables","service":{"host":"127.0.0.1"}}'
import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import {
  isLocalhostForwardError,
  joinLocalhostForward,
  openLocalhostForward,
  type ForwardHandover,
  type LocalhostForward,
  type LocalhostForwardOptions,
} from '../../src/index.ts';

interface Orders extends LocalhostForwardOptions {
  /** Where a service listens; undefined: nowhere. */
  service?: { host: string };
  /** The port of a service that somebody else runs. */
  port?: number;
  /** Whether containers dial the service's own port. Default: port 80. */
  samePort?: boolean;
  /** A UDP port with our own listener instead, while it opens; or one of a service beside it. */
  udp?: boolean | 'beside';
  /** What another process opened: looked at in place of opening one. */
  join?: ForwardHandover;
}

const say = (value: unknown): void => console.log(JSON.stringify(value));

const attempt = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    say({ ok: await work() });
  } catch (error) {
    say(
      isLocalhostForwardError(error)
        ? { code: error.code, message: error.message, diagnosis: error.diagnosis }
        : { code: 'other', message: String(error) },
    );
  }
};

const { service, udp, join, port: given, samePort, ...options } = JSON.parse(process.argv[2] ?? '{}') as Orders;
const server = createServer((socket) => socket.on('error', () => socket.destroy()).end('x'));
await new Promise<void>((resolve) => server.listen({ port: 0, host: service?.host ?? '127.0.0.1' }, resolve));
const port = given ?? (server.address() as AddressInfo).port;
if (service === undefined) server.close();
const datagrams = udp === 'beside' ? createSocket('udp4') : undefined;
if (datagrams !== undefined) await new Promise<void>((resolve) => datagrams.bind(0, '127.0.0.1', resolve));
let net: LocalhostForward | undefined;

for await (const order of createInterface({ input: process.stdin })) {
  if (order === 'open') {
    await attempt(async () => {
      if (join !== undefined) return (net = joinLocalhostForward(join)).toJSON();
      const forwarded =
        udp === true
          ? ({ hostPort: 0, containerPort: 53, protocol: 'udp' } as const)
          : ({ hostPort: port, containerPort: samePort === true ? port : 80, hostAddress: '127.0.0.1' } as const);
      const beside = datagrams && ({ hostPort: datagrams.address().port, containerPort: 53, protocol: 'udp' } as const);
      net = await openLocalhostForward(beside === undefined ? forwarded : [forwarded, beside], options);
      return net.toJSON();
    });
  } else if (order === 'verify') await attempt(async () => net?.verify());
  else if (order === 'diagnose') await attempt(async () => net?.diagnose({ timeoutMs: 1000 }));
  else if (order === 'close') await attempt(async () => net?.close());
}
server.close();
datagrams?.close();
