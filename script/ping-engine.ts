// Exits 0 where a container engine answers, for machines without a docker command line.
import { request } from 'node:http';

const { DOCKER_HOST: host = 'unix:///var/run/docker.sock' } = process.env;
const { hostname, port } = new URL(host);
const where = host.startsWith('unix:') ? { socketPath: new URL(host).pathname } : { host: hostname, port };

request({ ...where, path: '/_ping', timeout: 5000 }, (response) => process.exit(response.statusCode === 200 ? 0 : 1))
  .on('timeout', () => process.exit(1))
  .on('error', () => process.exit(1))
  .end();
