import { expect, it } from 'vitest';
import type { Endpoint } from '../../../src/host/sockets.ts';
import { isAtService, judgeArrival, judgeCarried, witness } from '../../../src/proof/witness.ts';
import type { Proofs } from '../../../src/strategies/strategy.ts';

const nobody = async () => undefined;
const service = { address: '127.0.0.1', port: 8088 };
const proxy = { address: '198.18.0.1', port: 7892 };
const alive = (end: Endpoint) => ({ ...end, isOver: false, isWaiting: false });
const over = (end: Endpoint) => ({ ...end, isOver: true, isWaiting: false });

it.each([
  ['the service’s own socket', [service], { at: 'service', to: service }],
  ['another port of the gateway', [proxy], { at: 'elsewhere', to: proxy }],
  ['another port of 127.0.0.1', [{ ...service, port: 7892 }], { at: 'elsewhere', to: { ...service, port: 7892 } }],
  [
    'the service’s port on another address',
    [{ ...proxy, port: 8088 }],
    { at: 'elsewhere', to: { ...proxy, port: 8088 } },
  ],
  ['two, of which one is another', [service, proxy], { at: 'elsewhere', to: proxy }],
  ['none', [], { at: 'nowhere', to: undefined }],
])('a connection with %s', (_, ends, arrival) => {
  expect(judgeArrival({ address: '127.0.0.1', port: 8088 }, ends.map(alive))).toEqual(arrival);
});

const other = { address: '127.0.0.1', port: 42869 };

it('what an earlier connection left says nothing of another service, and of this one only where nothing lives', () => {
  expect(judgeArrival(service, [over(other)])).toEqual({ at: 'nowhere', to: undefined });
  expect(judgeArrival(service, [over(other), alive(service)])).toEqual({ at: 'service', to: service });
  expect(judgeArrival(service, [over(service), alive(other)])).toEqual({ at: 'elsewhere', to: other });
  expect(judgeArrival(service, [over(service)])).toEqual({ at: 'service', to: service });
});

it('another connection by a carrier’s port tells nothing where the service has its end', () => {
  expect(judgeCarried(service, [alive(other), alive(service)])).toEqual({ at: 'service', to: service });
  expect(judgeCarried(service, [alive(other)])).toEqual({ at: 'elsewhere', to: other });
  expect(judgeCarried(service, [alive(other), over(service)])).toEqual({ at: 'elsewhere', to: other });
  expect(judgeCarried(service, [over(other)])).toEqual({ at: 'nowhere', to: undefined });
  expect(judgeCarried(service, [])).toEqual({ at: 'nowhere', to: undefined });
});

it('is proven where our own rule counted it and the service has it', () => {
  expect(isAtService({ at: 'service', to: service, counted: 1 })).toBe(true);
  expect(isAtService({ at: 'service', to: service, counted: 0 })).toBe(false);
  expect(isAtService({ at: 'elsewhere', to: proxy, counted: 1 })).toBe(false);
  expect(isAtService({ at: 'nowhere', to: undefined, counted: 1 })).toBe(false);
  expect(isAtService(undefined)).toBe(false);
});

const known = { before: { packets: 0, targetPort: 1 }, proxies: [], findPublisher: nobody };

/** How often it is looked for where a relay has this to say of it. */
const looksWhere = async (told: Partial<Proofs>): Promise<number> => {
  const port = {
    protocol: 'tcp',
    containerPort: 80,
    hostPort: 1,
    targetPort: 1,
    hostAddress: '127.0.0.1',
    nonce: undefined,
  } as const;
  const from = { address: '198.18.0.2', port: 1 };
  let looks = 0;
  const proofs = async () => {
    looks += 1;
    return new Map([['tcp/80', { packets: 0, targetPort: 1, ...told }]]);
  };
  const route = { proofs, landingOf: () => undefined, isRelay: true, carriedFrom: async () => from };
  expect(isAtService(await witness(port, from, route, known))).toBe(false);
  return looks;
};

// A masquerade of everything gives what a relay carries another sender, by which no end of it is found.
it('is looked for a few times where a relay has carried it, and not for as long as one that it has still to carry', async () => {
  expect(await looksWhere({ packets: 1 })).toBeLessThan((await looksWhere({})) / 10);
});

it('is not waited for where the service has let none in that a relay took', async () => {
  expect(await looksWhere({ probesSeen: 2, probesRefused: 2 })).toBe(1);
  expect(await looksWhere({ probesSeen: 2, probesRefused: 1 })).toBe(await looksWhere({}));
});
