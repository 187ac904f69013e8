import { expect, test } from 'vitest';
import { addressOfCaller } from '../../../src/forward/address-of-caller.ts';
import { namesOf } from '../../../src/ownership/names.ts';
import type { ProbedPort } from '../../../src/proof/context.ts';

const port = (hostAddress: '127.0.0.1' | '::1'): ProbedPort => ({
  hostPort: 8088,
  containerPort: 80,
  protocol: 'tcp',
  hostAddress,
  targetPort: 8088,
  nonce: undefined,
});
const of = (
  route: Parameters<typeof addressOfCaller>[1]['route'],
  strategy: 'nftables' | 'native' | 'tunnel',
  ...ports: ProbedPort[]
) => ({ route, strategy, ports: () => ports, names: namesOf('abcde123') });

test.each([
  ['native', { isRelay: false, hidesCallers: true }],
  ['tunnel', { isRelay: true }],
] as const)('%s hides callers, and says who does not', async (strategy, route) => {
  const asked = of(route, strategy, port('127.0.0.1'));
  for (const at of [undefined, 40_000])
    await expect(addressOfCaller({ address: '127.0.0.1', port: at }, asked)).rejects.toMatchObject({
      code: 'LHF_ERR_UNSUPPORTED',
      message: `The strategy ${strategy} does not show here who called: nftables, iptables, relay and sidecar do\nTry: strategy: 'nftables'`,
    });
  expect(await addressOfCaller({ address: '198.18.0.2', port: undefined }, asked)).toBe('198.18.0.2');
});

test('only what is behind a relay is looked for there', async () => {
  const behind = { ...port('::1'), callerBehind: () => ({ address: '198.18.0.2', port: 4 }) };
  const end = { address: '::1', port: 40_000 };
  expect(await addressOfCaller(end, of({ isRelay: false }, 'nftables', port('127.0.0.1'), behind))).toBe('198.18.0.2');
  expect(await addressOfCaller(end, of({ isRelay: false }, 'nftables', port('127.0.0.1')))).toBe('::1');
});
