import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { addPort, takeBack } from '../../../src/forward/add-port.ts';
import type { PortMapping } from '../../../src/strategies/strategy.ts';

const listenOn = async (host: string): Promise<number> => {
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
};

/** A route that tells what it was asked for: where each port leads, or that it goes. */
const routeOf = ({ refuses = false } = {}) => {
  const asked: string[] = [];
  const tell = async (verb: string, { containerPort, targetPort }: PortMapping): Promise<void> => {
    asked.push(`${verb} ${containerPort} → ${targetPort}`);
    if (refuses) throw new Error('no');
  };
  return {
    asked,
    add: (port: PortMapping) => tell('add', port),
    remove: (port: PortMapping) => tell('remove', port),
  };
};

const free = (): void => undefined;

it('adds a port in one step where its service listens on 127.0.0.1, or nobody does yet', async () => {
  const route = routeOf();
  const port = await listenOn('127.0.0.1');
  const { mapping } = await addPort(
    { hostPort: port, containerPort: 80, protocol: 'tcp', hostAddress: undefined },
    route,
    free,
  );
  expect(route.asked).toEqual([`add 80 → ${port}`]);
  expect(mapping).toMatchObject({ hostAddress: '127.0.0.1', targetPort: port });
});

it('leads to a relay where the service turns out to listen on ::1 only', async () => {
  const route = routeOf();
  const port = await listenOn('::1');
  const opened = await addPort(
    { hostPort: port, containerPort: 80, protocol: 'tcp', hostAddress: undefined },
    route,
    free,
  );
  const relay = opened.mapping.targetPort;
  expect(relay).not.toBe(port);
  expect(route.asked).toEqual([`add 80 → ${port}`, `remove 80 → ${port}`, `add 80 → ${relay}`]);
  await opened.close();
});

it('adds a port that could not be taken back once it is known where its service listens', async () => {
  const route = { ...routeOf(), takesBack: false } as const;
  const port = await listenOn('::1');
  const plan = { hostPort: port, containerPort: 80, protocol: 'tcp', hostAddress: undefined } as const;
  const opened = await addPort(plan, route, free);
  expect(route.asked).toEqual([`add 80 → ${opened.mapping.targetPort}`]);
  await opened.close();
});

it('asks for nothing where the port is forwarded already, a free one included', async () => {
  const taken = (key: string): void => {
    throw new Error(`${key} is taken`);
  };
  for (const hostPort of [await listenOn('127.0.0.1'), 0]) {
    const route = routeOf();
    await expect(
      addPort({ hostPort, containerPort: 80, protocol: 'tcp', hostAddress: undefined }, route, taken),
    ).rejects.toThrow('tcp/80 is');
    expect(route.asked).toEqual([]);
  }
});

it('takes the port back where it turns out that it cannot be served', async () => {
  const route = routeOf();
  const plan = {
    hostPort: await listenOn('127.0.0.1'),
    containerPort: 80,
    protocol: 'udp',
    hostAddress: '::1',
  } as const;
  await expect(addPort(plan, route, free)).rejects.toMatchObject({ code: 'LHF_ERR_INVALID_OPTION' });
  expect(route.asked).toEqual([]);
  await expect(
    addPort({ ...plan, protocol: 'tcp', hostAddress: undefined }, routeOf({ refuses: true }), free),
  ).rejects.toThrow('no');
});

it('takes a port back that is not to be had everywhere, for the reason why', async () => {
  const reason = new Error('taken at the localhost of a container');
  const port = await listenOn('127.0.0.1');
  const route = routeOf();
  const opened = await addPort(
    { hostPort: port, containerPort: 80, protocol: 'tcp', hostAddress: undefined },
    route,
    free,
  );
  let isClosed = false;
  const closing = { ...opened, close: async () => void (isClosed = true) };
  await expect(takeBack(closing, routeOf({ refuses: true }), reason)).rejects.toBe(reason);
  expect(isClosed).toBe(true);
});
