// Opens a forward of two ports, says its network, takes one away on a line of input when it may have no descriptor more, and closes at the input's end.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
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
// The limit itself goes down to what stdin, stdout and stderr take: whatever closes meanwhile gives no room, as it does where descriptors are used up.
const limit = spawn(
  'sh',
  [
    '-c',
    'prlimit --pid "$0" --nofile=3: && echo low; read -r _; prlimit --pid "$0" --nofile=1024: && echo high',
    `${process.pid}`,
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const said = createInterface({ input: limit.stdout })[Symbol.asyncIterator]();
await said.next();
let refusal = '';
try {
  openSync('/dev/null', 'r');
} catch (error) {
  refusal = (error as NodeJS.ErrnoException).code ?? 'no code';
}
await net.unforward(80);
console.log('without', refusal);
await input.next();
limit.stdin.end('\n');
await said.next();
await net.close();
