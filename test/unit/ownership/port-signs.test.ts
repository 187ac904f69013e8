import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parsePortsLabel, renderPort } from '../../../src/ownership/names.ts';
import { PortSigns, readCuts, readPortSigns } from '../../../src/ownership/port-signs.ts';
import { spawnScript } from '../../support/children.ts';

const bridge = `lhf-${process.pid.toString(36).padStart(8, '0').slice(-8)}`;
const first = parsePortsLabel('8088:80/tcp 53:53/udp');
let signs: PortSigns;
beforeEach(() => {
  signs = new PortSigns(bridge, first);
});
afterEach(() => signs.close());

const read = async (): Promise<string[] | undefined> =>
  (await readPortSigns(bridge, process.pid, first))?.map(renderPort);

const there = (label: string) => parsePortsLabel(label).map((port) => ({ ...port, isThere: true }));
const gone = (label: string) => parsePortsLabel(label).map((port) => ({ ...port, isThere: false }));

test('tell what came and went, and claim nothing once they are closed', async () => {
  expect(await read()).toEqual(['8088:80/tcp', '53:53/udp']);
  await signs.show(there('9000:81/tcp 9000:81/udp'));
  expect(await read()).toEqual(['8088:80/tcp', '53:53/udp', '9000:81/tcp', '9000:81/udp']);
  await signs.show(gone('8088:80/tcp 53:53/udp 9000:81/udp'));
  await signs.show(there('7000:80/tcp'));
  expect(await read()).toEqual(['7000:80/tcp', '9000:81/tcp']);
  await signs.show(gone('7000:80/tcp 9000:81/tcp'));
  await signs.show(there('8088:80/tcp 53:53/udp'));
  expect(await read()).toEqual(['8088:80/tcp', '53:53/udp']);
  await signs.close();
  expect(await read()).toBeUndefined();
});

test('tell how a port is cut, and ask whose they are only where anything is said', async () => {
  const cuts = async (): Promise<unknown[]> => {
    const cutOf = await readCuts(bridge, async () => process.pid);
    return first.map(cutOf);
  };
  await readCuts(bridge, () => Promise.reject(new Error('nobody says anything')));
  await signs.show(
    first.map((port) => ({ ...port, isThere: true, ...(port.protocol === 'tcp' && { cut: 'drop' as const }) })),
  );
  expect(await cuts()).toEqual(['drop', undefined]);
  expect(await read()).toEqual(['8088:80/tcp', '53:53/udp']);
  await signs.show(first.map((port) => ({ ...port, isThere: true, cut: 'reset' as const })));
  expect(await cuts()).toEqual(['reset', 'reset']);
  const strangers = await readCuts(bridge, async () => process.ppid);
  expect(first.map(strangers)).toEqual([undefined, undefined]);
  await signs.show(first.map((port) => ({ ...port, isThere: true })));
  expect(await cuts()).toEqual([undefined, undefined]);
});

test('are few, however many ports came: then nothing is told of the ports', async () => {
  const many = Array.from({ length: 70 }, (_, n) => ({ ...first[0], hostPort: 9_000 + n, containerPort: 9_000 + n }));
  await signs.show(many.map((port) => ({ protocol: 'tcp', ...port, isThere: true })));
  expect(await read()).toBeUndefined();
});

test('say that not all is told where one cannot be put up', async () => {
  await using somebody = createServer().listen({ path: `\0localhost-forward/${bridge}/+9001:82/tcp` });
  await once(somebody, 'listening');
  await signs.show(there('9001:82/tcp'));
  expect(await read()).toBeUndefined();
});

test('are told apart by forward', async () => {
  const other = new PortSigns('lhf-00000000', []);
  await other.show(there('9000:81/tcp'));
  expect(await read()).toEqual(['8088:80/tcp', '53:53/udp']);
  await other.close();
});

test('are the owner’s alone: anybody may take such a name', async () => {
  const source = `import { createServer } from 'node:net'; createServer().listen({ path: ${JSON.stringify(`\0localhost-forward/${bridge}/-8088:80/tcp`)} }, () => console.log('here'));`;
  await using somebody = spawnScript({ source });
  await somebody.waitForLine(/here/);
  expect(await read()).toEqual(['8088:80/tcp', '53:53/udp']);
  // That all is told is the owner's to say as well.
  expect(await readPortSigns(bridge, somebody.process.pid ?? 0, first)).toBeUndefined();
});

test('say nothing of a process that is not there', async () => {
  expect(await readPortSigns(bridge, 2 ** 22, first)).toBeUndefined();
});
