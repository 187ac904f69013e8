import { expect, it } from 'vitest';
import { judgeAcceptor, parseTold } from '../../../src/host/transparent.ts';

// As ss of iproute2 6.1 printed it.
const listing = `LISTEN    0      128           0.0.0.0:7893              0.0.0.0:*     inet-sockopt: ( is_icsk mc_loop transparent mc_all)
LISTEN    0      511         127.0.0.1:8088              0.0.0.0:*     inet-sockopt: ( is_icsk mc_loop mc_all)
LISTEN    0      511                 *:9000                    *:*     inet-sockopt: ( is_icsk mc_loop)
LISTEN    0      511      127.0.0.1%lo:9001              0.0.0.0:*
ESTAB     0      0           127.0.0.1:8088         198.18.0.14:40000  inet-sockopt: ( is_icsk mc_loop transparent mc_all)
ESTAB     0      0    [::ffff:127.0.0.1]:9000 [::ffff:198.18.0.14]:40001 inet-sockopt: ( is_icsk mc_loop)
TIME-WAIT 0      0           127.0.0.1:8088         198.18.0.14:40002
`;
const sockets = parseTold(listing);
const service = { address: '127.0.0.1', port: 8088 };
const from = (port: number) => ({ address: '198.18.0.14', port });

it('reads the sockets that ss lists', () => {
  expect(
    sockets.map(({ local, isListener, isTransparent }) => [local.address, local.port, isListener, isTransparent]),
  ).toEqual([
    ['0.0.0.0', 7893, true, true],
    ['127.0.0.1', 8088, true, false],
    ['*', 9000, true, false],
    ['127.0.0.1', 9001, true, undefined],
    ['127.0.0.1', 8088, false, true],
    ['127.0.0.1', 9000, false, false],
    ['127.0.0.1', 8088, false, undefined],
  ]);
});

it.each([
  ['a transparent socket with the service’s address', sockets, service, from(40_000), 'transparent'],
  ['the service’s own', sockets, { address: '127.0.0.1', port: 9000 }, from(40_001), 'own'],
  ['what is over, of which the kernel does not tell', sockets, service, from(40_002), 'unknown'],
  ['what is gone', sockets, service, from(40_003), 'unknown'],
  ['what is over where no proxy is', sockets.slice(1), service, from(40_002), 'own'],
  ['a service that is transparent itself', sockets, { ...service, port: 7893 }, from(40_000), 'own'],
  ['an ss that does not know', [], service, from(40_000), 'own'],
] as const)('of %s', (_, told, at, by, acceptor) => {
  expect(judgeAcceptor(told, at, by)).toBe(acceptor);
});
