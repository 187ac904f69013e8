// Opens a forward of two ports, says its network, takes one away on a line of input when it has no descriptor left, and closes at the input's end.
import { closeSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openLocalhostForward, type Strategy } from 'localhost-forward';

const net = await openLocalhostForward(
  [
    { hostPort: 8088, containerPort: 80 },
    { hostPort: 8089, containerPort: 81 },
  ],
  { verify: false, strategy: process.argv[2] as Strategy },
);
console.log(net.networkName);

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
await input.next();
const held: number[] = [];
let refusal = '';
while (refusal === '') {
  try {
    held.push(openSync('/dev/null', 'r'));
  } catch (error) {
    refusal = (error as NodeJS.ErrnoException).code ?? 'no code';
  }
}
await net.unforward(80);
console.log('without', refusal);
for (const descriptor of held) closeSync(descriptor);
await input.next();
await net.close();
