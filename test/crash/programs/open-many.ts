// Opens so many forwards at once, says `open <how many bridges>`, may close them all, and lives until it is killed.
//   node test/crash/programs/open-many.ts <count> [close]
import { openLocalhostForward } from 'localhost-forward';

const [count, act] = process.argv.slice(2);
const opening = Array.from({ length: Number(count) }, () =>
  openLocalhostForward(8088, { strategy: 'nftables', verify: false }),
);
console.log('opening');
const nets = await Promise.all(opening);
console.log('open', new Set(nets.map(({ bridgeName }) => bridgeName)).size);
if (act === 'close') {
  await Promise.all(nets.map((net) => net.close()));
  console.log('closed');
}
setInterval(() => undefined, 60_000);
