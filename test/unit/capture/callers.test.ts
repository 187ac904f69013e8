import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Callers, readPeer } from '../../../src/capture/callers.ts';
import type { Engine } from '../../../src/engine/engine.ts';

test.each([
  ['198.18.0.2', '198.18.0.2', undefined],
  ['198.18.0.2:40000', '198.18.0.2', 40_000],
  ['::ffff:198.18.0.2', '198.18.0.2', undefined],
  ['[::ffff:198.18.0.2]:40000', '198.18.0.2', 40_000],
  ['fd00::1', 'fd00::1', undefined],
])('%s is the peer %s, port %s', (from, address, port) => {
  expect(readPeer(from)).toEqual({ address, port });
});

test('sockets and requests are read alike', () => {
  const socket = { remoteAddress: '::ffff:198.18.0.2', remotePort: 4 } as Socket;
  expect(readPeer(socket)).toEqual({ address: '198.18.0.2', port: 4 });
  expect(readPeer({ socket } as never)).toEqual({ address: '198.18.0.2', port: 4 });
});

test.each<unknown>(['', 'shop', '198.18.0.2:http', {}, undefined, 7])('%j is no peer', (from) => {
  expect(() => readPeer(from as string)).toThrow(/^Expected `from` to be a connected socket, a request or an address/);
});

test('one that the engine does not list yet is found by its endpoint on the network', async () => {
  const endpoint = (IPv4Address: string) => ({ IPv4Address });
  const gone = Object.assign(new Error('gone'), { statusCode: 404 });
  const docker = {
    listContainers: async () => [],
    getNetwork: () => ({
      inspect: async () => ({
        Containers: {
          one: endpoint('198.18.0.2/27'),
          two: endpoint('198.18.0.22/27'),
          'ep-3': endpoint('198.18.0.4/27'),
          four: endpoint('198.18.0.5/27'),
        },
      }),
    }),
    getContainer: (id: string) => ({
      inspect: async () => {
        if (id === 'four') throw gone;
        return { Id: id, Name: `/name-of-${id}`, Config: { Labels: { a: id } } };
      },
    }),
  };
  const callers = new Callers({ docker } as unknown as Engine, 'n');
  expect(await callers.at('198.18.0.2')).toEqual({
    id: 'one',
    name: 'name-of-one',
    labels: { a: 'one' },
    address: '198.18.0.2',
  });
  for (const address of ['198.18.0.3', '198.18.0.4', '198.18.0.5']) expect(await callers.at(address)).toBeUndefined();
});

test('many at once share one question, asked after each of them', async () => {
  let asked = 0;
  const listContainers = async () => {
    asked += 1;
    const at = `198.18.0.${asked}`;
    return [
      {
        Id: `id${asked}`,
        Names: ['/shop'],
        Labels: { a: 'b' },
        NetworkSettings: { Networks: { n: { IPAddress: at } } },
      },
    ];
  };
  // A stand-in for an engine that counts.
  const inspect = async () => ({ Containers: {} });
  const docker = { listContainers, getNetwork: () => ({ inspect }) };
  const callers = new Callers({ docker } as unknown as Engine, 'n');
  const first = callers.at('198.18.0.1');
  expect(await first).toEqual({ id: 'id1', name: 'shop', address: '198.18.0.1', labels: { a: 'b' } });
  const many = await Promise.all(Array.from({ length: 50 }, () => callers.at('198.18.0.2')));
  expect(new Set(many.map((caller) => caller?.id))).toEqual(new Set(['id2']));
  expect(asked).toBe(2);
  expect(await callers.at('198.18.0.2')).toBeUndefined();
});
