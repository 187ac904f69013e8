/**
 * Opens host ports by testcontainers' own forwarder: `node testcontainers.ts <image> [no-delay]`. `expose <port>` on standard input is
 * answered with how long it took, in milliseconds, and where a container finds it.
 */
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import Docker from 'dockerode';

export interface ExposeAnswer {
  readonly ms: number;
  readonly address: string;
}

const [image, delays] = process.argv.slice(2);
// Its ssh connection leaves Nagle's algorithm on: with this, it is as quick as its design allows.
if (delays === 'no-delay') {
  const connect: (this: Socket, ...args: never[]) => Socket = Reflect.get(Socket.prototype, 'connect');
  Socket.prototype.connect = function (this: Socket, ...args: never[]) {
    this.once('connect', () => this.setNoDelay(true));
    return Reflect.apply(connect, this, args);
  };
}
process.env['SSHD_CONTAINER_IMAGE'] = image;
// Its reaper is another image and half a second more.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
const { TestContainers } = await import('testcontainers');
const docker = new Docker();
const filters = { label: ['org.testcontainers.sshd=true'] };
const before = new Set((await docker.listContainers({ filters })).map(({ Id }) => Id));
const ours = async (): Promise<Docker.ContainerInfo | undefined> =>
  (await docker.listContainers({ filters })).find(({ Id }) => !before.has(Id));

for await (const line of createInterface({ input: process.stdin })) {
  const startedAt = performance.now();
  await TestContainers.exposeHostPorts(Number(line.split(' ')[1]));
  const ms = performance.now() - startedAt;
  const [network] = Object.values((await ours())?.NetworkSettings.Networks ?? {});
  console.log(JSON.stringify({ ms, address: network?.IPAddress ?? '' } satisfies ExposeAnswer));
}
const left = await ours();
if (left !== undefined) await docker.getContainer(left.Id).remove({ force: true, v: true });
process.exit();
