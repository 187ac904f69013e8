import { expect, it } from 'vitest';
import { probeAddressOf } from '../../../src/proof/probe-address.ts';

it('gives each bridge a hardware address of its own, unicast and locally administered', () => {
  const addresses = Array.from({ length: 200 }, (_, n) => probeAddressOf(`lhf-abcde${String(n).padStart(3, '0')}`));
  expect(new Set(addresses).size).toBe(200);
  for (const address of addresses) expect(address).toMatch(/^02:6c:68:66:[0-9a-f]{2}:[0-9a-f]{2}$/);
  expect(probeAddressOf('lhf-golden01')).toBe('02:6c:68:66:d4:cd');
});
