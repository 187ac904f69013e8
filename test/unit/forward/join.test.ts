import { expect, test } from 'vitest';
import { joinLocalhostForward, type ForwardHandover } from '../../../src/index.ts';

const handover: ForwardHandover = {
  id: 'abcde001',
  networkName: 'lhf-abcde001',
  networkId: 'f00',
  bridgeName: 'lhf-abcde001',
  subnet: '198.18.0.16/28',
  gateway: '198.18.0.17',
  hostname: 'host.docker.internal',
  hostnames: ['host.docker.internal'],
  strategy: 'nftables',
  privilege: 'root',
  ports: [{ hostPort: 8088, containerPort: 80, protocol: 'tcp', hostAddress: '127.0.0.1' }],
  extraHosts: ['host.docker.internal:198.18.0.17'],
  dockerRunArgs: [],
  env: {},
};

test.each([
  [
    { timeoutMs: 20_000, image: 'node:24-alpine' },
    { timeoutMs: 20_000, image: 'node:24-alpine' },
  ],
  [{ timeoutMs: 20_000 }, { timeoutMs: 20_000 }],
  [undefined, { timeoutMs: 5000 }],
])('who joins a forward that was proven by %j proves it so', (verify, proves) => {
  const joined = joinLocalhostForward({ ...handover, ...(verify && { verify }) });
  expect(joined.toJSON().verify).toEqual(proves);
});

test('a hand-over that proves by what is none is refused', () => {
  expect(() => joinLocalhostForward({ ...handover, verify: { timeoutMs: -1 } })).toThrow(
    /`verify\.timeoutMs`|`options\.verify/,
  );
});
