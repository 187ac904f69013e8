// Opens a forward by a container's rights, and kills itself when the engine was asked for that container, or has answered that it is made.
//   node test/crash/programs/killed-at-create.ts <strategy> asked|answered
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { openLocalhostForward, type Strategy } from 'localhost-forward';

const [strategy, when] = process.argv.slice(2);
const isOfRights = ({ path }: ClientRequest): boolean => /containers\/create\?.*name=lhf-rights/.test(path);
const die = (): void => void process.kill(process.pid, 'SIGKILL');

subscribe('http.client.request.start', (message) => {
  const { request } = message as { request: ClientRequest };
  if (isOfRights(request) && when === 'asked') request.once('finish', die);
});
subscribe('http.client.response.finish', (message) => {
  const { request } = message as { request: ClientRequest };
  if (isOfRights(request)) die();
});
await openLocalhostForward(8088, { strategy: strategy as Strategy, privilege: 'container', verify: false });
