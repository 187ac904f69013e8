import { expect, test } from 'vitest';
import { parseContainerId } from '../../../src/engine/own-container.ts';

const id = 'c0ffee'.padEnd(64, '0');
const mount = (source: string, target: string): string => `1 2 8:1 ${source} ${target} rw,relatime - ext4 /dev/sda1 rw`;

test.each([
  ['Docker', [mount('/', '/'), mount(`/var/lib/docker/containers/${id}/hostname`, '/etc/hostname')], id],
  ['Docker in a folder of its own', [mount(`/data/containers/${id}/resolv.conf`, '/etc/resolv.conf')], id],
  ['Podman', [mount(`/containers/overlay-containers/${id}/userdata/hosts`, '/etc/hosts')], id],
  ['no container', [mount('/', '/'), mount('/etc/hosts', '/etc/hosts')], undefined],
  [
    'a host with mounts for its containers',
    [mount(`/x/containers/${id}/mounts/shm`, `/x/containers/${id}/mounts/shm`)],
    undefined,
  ],
  ['Kubernetes, whose engine this is not', [mount('/var/lib/kubelet/pods/0-1-2/etc-hosts', '/etc/hosts')], undefined],
])('%s', (_, mounts, expected) => {
  expect(parseContainerId(mounts.join('\n'))).toBe(expected);
});
