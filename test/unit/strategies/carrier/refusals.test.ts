import { expect, test } from 'vitest';
import { cannotListen } from '../../../../src/strategies/carrier/refusals.ts';
import type { PortMapping } from '../../../../src/strategies/strategy.ts';

const port = (containerPort: number, more: Partial<PortMapping> = {}): PortMapping => ({
  hostPort: containerPort,
  containerPort,
  protocol: 'tcp',
  hostAddress: '127.0.0.1',
  targetPort: containerPort,
  ...more,
});

test.each([
  [port(8088), '{ hostPort: 8088, containerPort: 8089 }'],
  [port(65_535), '{ hostPort: 65535, containerPort: 65534 }'],
  [port(5353, { protocol: 'udp' }), "{ hostPort: 5353, containerPort: 5354, protocol: 'udp' }"],
  [port(80, { hostPort: 8088 }), "ss -ltnp 'sport = :80'"],
])('who listens already is told of what helps: %j', (mapping, advice) => {
  const taken = Object.assign(new Error('taken'), { code: 'EADDRINUSE' });
  const refusal = cannotListen('relay', { address: '198.18.0.1' }, mapping, taken);
  expect(refusal.code).toBe('LHF_ERR_PORT_IN_USE');
  expect(refusal.message).toBe(
    `The relay cannot listen on 198.18.0.1:${mapping.containerPort}: something listens there, or on all addresses\nTry: ${advice}`,
  );
});
