// Exits 0 where a container engine answers, for machines without a docker command line.
import { request } from 'node:http';

const { DOCKER_HOST: host = 'unix:///var/run/docker.sock' } = process.env;
const where = host.startsWith('unix://')
  ? { socketPath: host.slice('unix://'.length), path: '/_ping' }
  : new URL('/_ping', host.replace(/^tcp:/, 'http:'));

request(where, { timeout: 5000 } as object, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();
