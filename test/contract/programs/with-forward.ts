// Tells its forward as a line of JSON, has it until its input ends, and then says `closed`.
//   node test/contract/programs/with-forward.ts <options> <port>
import { withLocalhostForward, type LocalhostForwardOptions } from 'localhost-forward';
import { inputToEnd } from '../../support/input-to-end.ts';

const [options = '{}', port] = process.argv.slice(2);
await withLocalhostForward(Number(port), JSON.parse(options) as LocalhostForwardOptions, async (net) => {
  console.log(JSON.stringify(net));
  await inputToEnd();
});
console.log('closed');
