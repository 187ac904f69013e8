import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { LocalhostForwardError } from '../../../src/errors.ts';
import { proveOpening } from '../../../src/forward/prove-opening.ts';
import type { OpenPort, Trial } from '../../../src/forward/ports.ts';
import type { Diagnosis } from '../../../src/diagnosis.ts';

/** A port where nothing listens, whose trial listener comes to this. */
const portOf = (protocol: 'tcp' | 'udp', hostPort: number, trial: Trial | undefined): OpenPort => {
  let tried: Trial | undefined;
  const mapping = { protocol, containerPort: 53, hostPort, hostAddress: '127.0.0.1', targetPort: hostPort } as const;
  return {
    mapping,
    nonce: () => undefined,
    trial: () => tried,
    tryOut: async () => void (tried = trial),
    handOver: async () => undefined,
    close: async () => undefined,
  };
};

const missed = new LocalhostForwardError(
  'LHF_ERR_UNREACHABLE',
  { what: 'Nothing listens' },
  { diagnosis: { finding: 'no-listener', containerPort: 53 } as Diagnosis },
);

const prove = (ports: readonly OpenPort[], outcomes: readonly (Error | undefined)[]) => {
  const firsts: boolean[] = [];
  const diverted: number[] = [];
  const openPorts = new Map(ports.map((port) => [`${port.mapping.protocol}/53`, port]));
  const route = { divertProbes: async (trials: readonly unknown[]) => void diverted.push(trials.length) };
  const proving = proveOpening({ route, openPorts }, async (isFirst) => {
    firsts.push(isFirst);
    const outcome = outcomes[firsts.length - 1] ?? outcomes.at(-1);
    if (outcome !== undefined) throw outcome;
  });
  return { proving, firsts, diverted };
};

test('a service that is missed is stood in for, and no other on its number', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const mapping = { protocol: 'udp', containerPort: 53, hostPort: 1, hostAddress: '127.0.0.1', targetPort: 2 } as const;
  const trial = { mapping, nonce: 'n' };
  const ports = [portOf('tcp', port, trial), portOf('udp', port, trial)];
  const { proving, firsts, diverted } = prove(ports, [missed, undefined]);
  await proving;
  server.close();
  expect(ports.map((one) => one.trial() !== undefined)).toEqual([false, true]);
  expect(firsts).toEqual([true, false]);
  expect(diverted).toEqual([1, 0]);
});

test('where nothing can stand in for it, the opening fails by it, once', async () => {
  const { proving, firsts } = prove([portOf('tcp', 1, undefined)], [missed]);
  await expect(proving).rejects.toBe(missed);
  expect(firsts).toEqual([true]);
});
