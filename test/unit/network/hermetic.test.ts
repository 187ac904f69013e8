import { expect, test } from 'vitest';
import { obstacleToOwnNames } from '../../../src/network/hermetic.ts';

const docker = (version: string) => ({ name: 'Docker', version, bridgeStands: 'always' }) as const;
const own = 'search example\nnameserver 192.0.2.53\nnameserver 127.0.0.1\n';

test.each([
  ['20.10.24+dfsg1', 'nameserver 192.0.2.53\n'],
  // Docker takes systemd's own servers from another file then.
  ['20.10.24', 'nameserver 127.0.0.53\noptions edns0\n'],
  ['20.10.24', ''],
  ['23.0.11', own],
  ['25.0.5', own],
  ['26.0.0', own],
  ['29.1.0', own],
])('Docker %s beside %j asks for nobody', (version, resolvConf) => {
  expect(obstacleToOwnNames(docker(version), resolvConf)).toBeUndefined();
});

test.each(['20.10.24', '23.0.10', '24.0.9', '25.0.4'])('Docker %s asks a name server on the loopback', (version) => {
  expect(obstacleToOwnNames(docker(version), own)).toContain("asks this host's own name server, 127.0.0.1");
});

test('Podman has a name server of its own', () => {
  const podman = { name: 'Podman', version: '5.4.2', bridgeStands: 'while used' } as const;
  expect(obstacleToOwnNames(podman, '')).toContain('by a server of its own on the gateway');
});
