import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { describePorts } from '../../../src/cli/describe-ports.ts';
import type { ForwardedPort } from '../../../src/types.ts';

const describe = async (port: Partial<ForwardedPort>, served?: readonly number[]): Promise<string[]> => {
  const ports = [
    { hostPort: 8088, containerPort: 80, protocol: 'tcp' as const, hostAddress: '127.0.0.1' as const, ...port },
  ];
  const isServed = served && (async (one: number) => served.includes(one));
  return (await describePorts({ hostname: 'host.docker.internal', ports }, isServed)).map(({ text }) => text);
};

it('tells what was understood', async () =>
  expect(await describe({}, [8088])).toEqual(['host.docker.internal:80 → 127.0.0.1:8088']));

it('tells of ::1 and of UDP', async () =>
  expect(await describe({ hostAddress: '::1', protocol: 'udp' }, [8088])).toEqual([
    'host.docker.internal:80 → [::1]:8088 (udp)',
  ]));

it('warns where nothing listens yet', async () =>
  expect((await describe({}, [])).at(-1)).toBe('warning: nothing listens on 127.0.0.1:8088 yet'));

it('asks whether the two numbers are the other way round', async () =>
  expect((await describe({}, [80])).at(-1)).toBe(
    'warning: nothing listens on 127.0.0.1:8088 yet; something listens on port 80: did you mean 80:8088?',
  ));

it.each(['127.0.0.1', '::1'])('sees who listens on %s of this host', async (host) => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  expect(await describe({ hostPort: (server.address() as AddressInfo).port })).toHaveLength(1);
  await new Promise((resolve) => server.close(resolve));
});
