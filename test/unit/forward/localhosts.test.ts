import { describe, expect, test } from 'vitest';
import { networkOf, readContainer } from '../../../src/forward/localhosts.ts';

describe('what joinLocalhost() takes', () => {
  test.each(['web', '0123abcdef', { getId: () => 'web' }])('%o', (container) =>
    expect(readContainer(container)).toMatch(/^(web|0123abcdef)$/),
  );

  test.each([undefined, null, '', '../web', 'a b', 7, {}, { getId: () => 7 }])('%o is refused', (container) =>
    expect(() => readContainer(container)).toThrow(expect.objectContaining({ code: 'LHF_ERR_INVALID_OPTION' })),
  );
});

test.each([
  ['id', true, 'container:0123abcdef'],
  ['path', true, 'ns:/proc/4711/ns/net'],
  ['path', false, 'container:0123abcdef'],
] as const)('a network that is joined by its %s (address known: %s) is %s', (joinsNetworkBy, hasAddress, network) =>
  expect(networkOf({ id: '0123abcdef', pid: 4711 }, { joinsNetworkBy }, hasAddress)).toBe(network),
);
