// Opens so many forwards at once, says `open <how many bridges>`, and lives until it is killed. Told a call of the engine, it closes them all, and
// is killed by itself when that has been answered so many times.
//   node test/crash/programs/open-many.ts <count> [<answers> <call>]
import { openLocalhostForward } from 'localhost-forward';
import { gateDocker } from '../../support/gated-docker.ts';

const [count, last, fatal] = process.argv.slice(2);
let answers = 0;
const docker = gateDocker({
  after(call) {
    if (call === fatal && (answers += 1) === Number(last)) process.kill(process.pid, 'SIGKILL');
  },
});
const opening = Array.from({ length: Number(count) }, () =>
  openLocalhostForward(8088, { strategy: 'nftables', verify: false, docker }),
);
console.log('opening');
const nets = await Promise.all(opening);
console.log('open', new Set(nets.map(({ bridgeName }) => bridgeName)).size);
if (fatal !== undefined) {
  await Promise.all(nets.map((net) => net.close()));
  console.log('closed');
}
setInterval(() => undefined, 60_000);
