import ssh2 from 'ssh2';
import { importSshdImage } from '../../test/support/sshd-image.ts';
import { docker } from '../support/engine.ts';

/** `root`, by `openssl passwd -6 -salt bench root`: what testcontainers logs in with. */
const password = '$6$bench$iNCCBIVZs8wv2MtYKBCrsdJuCAAm0.oBK4bFycIklqKBU4pj2CKEEOIxINjCIC2hVaCAlBufUX63gEDDDBAZ.0';

// What testcontainers/sshd runs, with a key that is made here.
const command = [
  '/usr/sbin/sshd',
  '-D',
  '-f',
  '/dev/null',
  '-h',
  '/etc/host_key',
  ...['PermitRootLogin=yes', 'AddressFamily=inet', 'GatewayPorts=yes', 'AllowTcpForwarding=yes', 'UsePAM=no'].flatMap(
    (option) => ['-o', option],
  ),
];

/** An image for testcontainers' port forwarder, since no registry is asked. */
export const importForwarderImage = (): Promise<string> =>
  importSshdImage(docker, {
    repo: 'lhf-bench-sshd',
    password,
    // Its wait for the port runs these in the container.
    programs: { cat: '/bin/cat', grep: '/bin/grep', awk: '/usr/bin/awk' },
    files: { 'etc/host_key': `${ssh2.utils.generateKeyPairSync('ed25519', {}).private}\n` },
    changes: [`CMD ${JSON.stringify(command)}`, 'EXPOSE 22'],
  });
