import { Readable } from 'node:stream';
import type Docker from 'dockerode';

/** A container of a user's own: none of our labels, the host's programs mounted into an empty image. */
export const startUserContainer = async (
  docker: Docker,
  {
    network,
    name,
    hosts = [],
    script = 'sleep 600',
    more = {},
  }: { network: string; name: string; hosts?: readonly string[]; script?: string; more?: Docker.HostConfig },
): Promise<Docker.Container> => {
  await importEmptyImage(docker);
  const container = await docker.createContainer({
    name,
    Image: image,
    Cmd: ['/usr/bin/bash', '-c', script],
    Env: ['PATH=/usr/bin:/bin:/usr/sbin:/sbin'],
    StopTimeout: 0,
    HostConfig: {
      NetworkMode: network,
      ExtraHosts: [...hosts],
      Init: false,
      ...more,
      Binds: ['/usr:/usr:ro', '/lib:/lib:ro', '/lib64:/lib64:ro', '/bin:/bin:ro'],
    },
  });
  await container.start();
  return container;
};

/**
 * Sends datagrams to a port of 127.0.0.1 by way of a gateway, one after the other: what a container with a route of its own does,
 * and as it looks on the wire what any container does that may send raw frames. It ends by itself.
 */
export const datagrams = (gateway: string, port: number): string =>
  `ip addr del 127.0.0.1/8 dev lo; ip route del local 127.0.0.0/8 table local; ip route add 127.0.0.1/32 via ${gateway}
exec 3<> /dev/udp/127.0.0.1/${port}; for ((n = 0; n < 4000000; n++)); do printf intruder >&3; done 2> /dev/null`;

/** What a container needs for {@link datagrams}. */
export const mayReroute = { CapAdd: ['NET_ADMIN'], Sysctls: { 'net.ipv4.conf.all.route_localnet': '1' } };

/** Dials a forwarded port without end, fifty times a second at the most: each dial is a process, and a machine has other work. */
export const traffic = (host: string, port: number): string =>
  `exec 4<> <(:); while true; do (exec 3<>/dev/tcp/${host}/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3) > /dev/null 2>&1; read -r -t 0.02 -u 4; done`;

const image = 'lhf-test-empty:latest';

// A tar archive of nothing is an image, and needs no registry.
const importEmptyImage = async (docker: Docker): Promise<void> => {
  const known = await docker.listImages({ filters: { reference: [image] } });
  if (known.length > 0) return;
  const answer = await docker.importImage(Readable.from([Buffer.alloc(1024)]), {
    repo: 'lhf-test-empty',
    tag: 'latest',
  });
  await new Promise((resolve, reject) => answer.on('end', resolve).on('error', reject).resume());
};
