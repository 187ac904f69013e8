// Opens and closes, and tells what the bridge is like while it is open, and when the engine is asked to remove the network.
//   node test/contract/programs/look-at-removal.ts <strategy>
import { readFileSync } from 'node:fs';
import { openLocalhostForward, type Strategy } from 'localhost-forward';
import { gateDocker } from '../../support/gated-docker.ts';
import { execHere } from '../../support/run.ts';

let bridge = '';
let atRemoval: Awaited<ReturnType<typeof look>> | undefined;

const look = async () => ({
  isOn: readFileSync(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, 'utf8').trim() === '1',
  isGuarded: await isGuarded(),
});

// By whichever of the two the strategy guards: the bridge in the set of a static table, or in a chain of its own.
const isGuarded = async (): Promise<boolean> => {
  const set = await execHere(['nft', 'list', 'set', 'ip', `lhf_guard_${bridge.slice(4, 9)}`, 'bridges']);
  const raw = await execHere(['iptables-save', '-t', 'raw']);
  const isDrop = (line: string): boolean => line.includes(bridge) && line.includes('-j DROP');
  return set.stdout.includes(bridge) || raw.stdout.split('\n').some(isDrop);
};

const before = async (call: string): Promise<void> => {
  if (call.startsWith('DELETE /networks/')) atRemoval = await look();
};
const strategy = process.argv[2] as Strategy;
const net = await openLocalhostForward(8088, { strategy, verify: false, docker: gateDocker({ before }) });
bridge = net.bridgeName;
const whileOpen = await look();
await net.close();
console.log(JSON.stringify({ whileOpen, atRemoval }));
