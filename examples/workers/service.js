import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { injectForward } from 'localhost-forward/vitest';
import { afterAll, beforeAll } from 'vitest';

const image = process.env.IMAGE ?? 'curlimages/curl';

/** A service of this file's own on its worker's port, and a container that asks it. */
export const useService = (answer) => {
  const net = injectForward();
  const { hostPort, containerPort } = net.ports[process.env.VITEST_POOL_ID - 1];
  const service = createServer((_request, response) => response.end(answer));
  beforeAll(() => new Promise((resolve) => service.listen(hostPort, '127.0.0.1', resolve)));
  afterAll(() => service.close());
  return async () => {
    const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', net.url(containerPort)];
    return (await promisify(execFile)('docker', call)).stdout;
  };
};
