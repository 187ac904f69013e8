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
  }: { network: string; name: string; hosts?: readonly string[]; script?: string },
): Promise<Docker.Container> => {
  await importEmptyImage(docker);
  const container = await docker.createContainer({
    name,
    Image: image,
    Cmd: ['/usr/bin/bash', '-c', script],
    Env: ['PATH=/usr/bin:/bin'],
    StopTimeout: 0,
    HostConfig: {
      NetworkMode: network,
      ExtraHosts: [...hosts],
      Init: false,
      Binds: ['/usr:/usr:ro', '/lib:/lib:ro', '/lib64:/lib64:ro', '/bin:/bin:ro'],
    },
  });
  await container.start();
  return container;
};

/** Dials a forwarded port without end. */
export const traffic = (host: string, port: number): string =>
  `while true; do (exec 3<>/dev/tcp/${host}/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3) > /dev/null 2>&1; done`;

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
