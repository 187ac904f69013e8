// Opens a forward, says `open <bridge> <subnet>`, and lives until it is killed.
//   node test/attack/programs/open-and-live.ts <strategy> <hermetic or open>
import { openLocalhostForward, type Strategy } from 'localhost-forward';

const [strategy, kind] = process.argv.slice(2) as [Strategy, string];
const net = await openLocalhostForward(8088, { strategy, hermetic: kind === 'hermetic', verify: false });
console.log('open', net.bridgeName, net.subnet);
setInterval(() => undefined, 60_000);
