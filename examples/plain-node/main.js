import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { withLocalhostForward } from 'localhost-forward';

const image = process.env.IMAGE ?? 'curlimages/curl';

// Port 0 and a listener: the forward brings the service along.
const listener = (request, response) => response.end(`${request.url} of ${request.socket.remoteAddress}`);

const answer = await withLocalhostForward({ hostPort: 0, containerPort: 80 }, { listener }, async (net) => {
  const call = ['run', '--rm', ...net.dockerRunArgs, image, 'curl', '-fsS', `${net.url()}/orders`];
  return (await promisify(execFile)('docker', call)).stdout;
});
console.log(answer);
