// Opens a forward of container port 80, tells it as a line of JSON, and ends without a word to it when its input does.
//   node test/contract/programs/open-and-forget.ts <options> <host port>
import { openLocalhostForward, type LocalhostForwardOptions } from 'localhost-forward';
import { inputToEnd } from '../../support/input-to-end.ts';

const [options = '{}', port] = process.argv.slice(2);
const net = await openLocalhostForward(
  { hostPort: Number(port), containerPort: 80 },
  JSON.parse(options) as LocalhostForwardOptions,
);
console.log(JSON.stringify(net));
await inputToEnd();
