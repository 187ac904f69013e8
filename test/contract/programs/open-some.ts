// Opens a forward of container port 80 to each of these ports, tells them as one line of JSON, and closes them when its input ends.
//   node test/contract/programs/open-some.ts <options> <host port>…
import { openLocalhostForward, type LocalhostForwardOptions } from 'localhost-forward';
import { inputToEnd } from '../../support/input-to-end.ts';

const [options = '{}', ...ports] = process.argv.slice(2);
const open = (port: string) =>
  openLocalhostForward({ hostPort: Number(port), containerPort: 80 }, JSON.parse(options) as LocalhostForwardOptions);
const nets = await Promise.all(ports.map(open));
console.log(JSON.stringify(nets));
await inputToEnd();
await Promise.all(nets.map((net) => net.close()));
