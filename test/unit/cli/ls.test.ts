import { expect, it } from 'vitest';
import { renderForwards } from '../../../src/cli/ls.ts';
import type { ListedForward } from '../../../src/leftovers/list-forwards.ts';
import { parsePortsLabel, renderPort } from '../../../src/ownership/names.ts';
import { terminal } from './example.ts';

const forward = (more: Partial<ListedForward> = {}): ListedForward => ({
  id: 'abcde001',
  networkName: 'lhf-abcde001',
  networkId: 'f00',
  bridgeName: 'lhf-abcde001',
  subnet: '198.18.0.16/28',
  ports: [
    { hostPort: 8088, containerPort: 80, protocol: 'tcp' },
    { hostPort: 53, containerPort: 53, protocol: 'udp' },
  ],
  created: '2026-11-26T21:00:00.123Z',
  pid: 4711,
  command: 'node server.js',
  isCurrent: true,
  alive: 'alive',
  session: '',
  ...more,
});

const { colors } = terminal();

it('has a header, and the ports of each', () => {
  const forwards = [
    forward(),
    forward({ networkName: 'lhf-abcde002', ports: [], alive: 'dead', isCurrent: false }),
    forward({ networkName: 'lhf-abcde003', ports: [], alive: 'elsewhere', isCurrent: false }),
  ];
  const rows = [
    'NETWORK       PORTS                  SUBNET          SINCE                 OWNER',
    'lhf-abcde001  8088:80/tcp 53:53/udp  198.18.0.16/28  2026-11-26T21:00:00Z  process 4711 node server.js',
    'lhf-abcde002  no port                198.18.0.16/28  2026-11-26T21:00:00Z  dead: localhost-forward sweep',
    'lhf-abcde003  no port (at opening)   198.18.0.16/28  2026-11-26T21:00:00Z  elsewhere',
  ];
  for (const width of [undefined, 120])
    expect(renderForwards(forwards, colors, width).map((line) => line.trimEnd())).toEqual(rows);
});

it.each([60, 80])('tells all of the owner within %i columns', (width) => {
  const words = 'run --project end-to-end --config ./a-configuration-of-its-own.ts';
  const command = `/usr/bin/node /home/somebody/orders/node_modules/.bin/vitest ${words}`;
  const lines = renderForwards([forward({ command })], colors, width);
  expect(lines[0]).toBe('lhf-abcde001  198.18.0.16/28  2026-11-26T21:00:00Z');
  const text = lines.join('\n');
  expect(text.replaceAll(/\s+/g, ' ')).toContain(`8088:80/tcp 53:53/udp process 4711 node …/.bin/vitest ${words}`);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
});

it('keeps a command that never ends to a few lines', () => {
  const lines = renderForwards([forward({ command: 'node --flag '.repeat(1000) })], colors, 60)
    .join('\n')
    .split('\n');
  expect(lines.length).toBeLessThanOrEqual(8);
  expect(lines.at(-1)).toMatch(/…$/);
});

it('cuts a word that no line has room for', () => {
  const command = `node -e ${'x'.repeat(500)} --last`;
  const lines = renderForwards([forward({ command })], colors, 60)
    .join('\n')
    .split('\n');
  expect(lines.slice(2)).toEqual(['  process 4711 node -e', `  ${'x'.repeat(57)}…`, '  --last']);
});

it('says where there is none', () => expect(renderForwards([], colors, 80)).toEqual(['no forwards']));

it.each([
  ['', []],
  ['8088:80/tcp 53:53/udp', ['8088:80/tcp', '53:53/udp']],
  ['8088:80/tcp nonsense 1:2/sctp', ['8088:80/tcp']],
])('reads the ports of %j', (text, ports) => expect(parsePortsLabel(text).map(renderPort)).toEqual(ports));
