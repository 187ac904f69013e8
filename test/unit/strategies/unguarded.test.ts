import { expect, it } from 'vitest';
import { strategies } from '../../../src/strategies/all.ts';
import type { Kernel } from '../../../src/strategies/told.ts';
import { readRouteLocalnet, tellOpenBridge } from '../../../src/strategies/unguarded.ts';

it('is told of those that confine containers and change no kernel', () => {
  expect(strategies.filter((one) => tellOpenBridge(one).length > 0).map(({ name }) => name)).toEqual([
    'relay',
    'sidecar',
    'tunnel',
  ]);
});

const kernelWith = (values: Readonly<Record<string, string>>): Kernel => ({
  interfaceExists: () => true,
  readSysctl: async (key) => values[key.split('/')[3] ?? ''],
});

it.each([
  ['its own', { 'lhf-1': '1', all: '0' }, true],
  ['that of all interfaces', { 'lhf-1': '0', all: '1' }, true],
  ['neither', { 'lhf-1': '0', all: '0' }, false],
  ['no bridge, whatever the others have', { all: '1' }, undefined],
])('a bridge is open to 127/8 by %s', async (_what, values, isOpen) => {
  expect(await readRouteLocalnet('lhf-1', kernelWith(values))).toBe(isOpen);
});
