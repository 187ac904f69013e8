import type Docker from 'dockerode';
import { expect, test } from 'vitest';
import { isElsewhere } from '../../../src/engine/elsewhere.ts';
import { machineWith } from '../support/machine.ts';

type Different = NonNullable<Parameters<typeof machineWith>[0]>['engine'];

const here = new Set(['lo', 'eth0', 'docker0']);

const dockerWith = (bridge: string | undefined): Docker => {
  const inspect = async () => {
    if (bridge === undefined) throw new Error('network bridge not found');
    return { Options: { 'com.docker.network.bridge.name': bridge } };
  };
  return { getNetwork: (name: string) => ({ bridge: { inspect } })[name] } as unknown as Docker;
};

test.each<[string, Different & object, string | undefined, ReadonlySet<string>, boolean]>([
  ['its bridge is here', {}, 'docker0', here, false],
  ['its bridge is not here', {}, 'docker7', here, true],
  ['it has no bridge of its own, as with `--bridge none`', {}, undefined, here, false],
  ['nothing can be seen from here', {}, 'docker7', new Set(), false],
  ['its bridges stand while they are used', { bridgeStands: 'while used' }, 'docker7', here, false],
  ['it is on another host anyway', { remote: true }, 'docker7', here, false],
  ['it is in a virtual machine anyway', { vm: 'Colima' }, 'docker7', here, false],
  ['it is rootless anyway', { rootless: true }, 'docker7', here, false],
])('an engine is elsewhere: %s', async (_, different, bridge, seen, expected) => {
  const { engine } = machineWith({ engine: different });
  expect(await isElsewhere(dockerWith(bridge), engine, (name) => seen.has(name))).toBe(expected);
});
