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
  alive: 'alive',
  session: '',
  ...more,
});

const { colors } = terminal();

it('has a header, and the ports of each', () => {
  const forwards = [forward(), forward({ networkName: 'lhf-abcde002', ports: [], alive: 'dead' })];
  expect(renderForwards(forwards, colors, undefined)).toEqual([
    'NETWORK       OPENED WITH            SUBNET          SINCE                 OWNER',
    'lhf-abcde001  8088:80/tcp 53:53/udp  198.18.0.16/28  2026-11-26T21:00:00Z  process 4711 node server.js',
    'lhf-abcde002  no port                198.18.0.16/28  2026-11-26T21:00:00Z  dead: localhost-forward sweep',
  ]);
});

it('keeps within a terminal', () => {
  for (const line of renderForwards([forward()], colors, 60)) expect(line.length).toBeLessThanOrEqual(60);
});

it('says where there is none', () => expect(renderForwards([], colors, 80)).toEqual(['no forwards']));

it.each([
  ['', []],
  ['8088:80/tcp 53:53/udp', ['8088:80/tcp', '53:53/udp']],
  ['8088:80/tcp nonsense 1:2/sctp', ['8088:80/tcp']],
])('reads the ports of %j', (text, ports) => expect(parsePortsLabel(text).map(renderPort)).toEqual(ports));
