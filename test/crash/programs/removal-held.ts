// Opens a forward and closes it, with the removal of its network held back; once its rules are out, and a holder that nobody uses would have
// ended, it is killed by itself.
//   node test/crash/programs/removal-held.ts <strategy>
import { setTimeout } from 'node:timers/promises';
import { openLocalhostForward, type Strategy } from 'localhost-forward';
import { gateDocker } from '../../support/gated-docker.ts';
import { execHere, outputOf } from '../../support/run.ts';
import { until } from '../../support/until.ts';

/** Longer than a holder stays that nobody uses, in milliseconds: src/lifecycle/idle-end.ts. */
const idleMs = 1_500;

let nonce: string | undefined;
const areRulesOut = async (): Promise<boolean> =>
  nonce !== undefined && !(await outputOf(execHere, ['nft', 'list', 'tables'])).includes(nonce);
const docker = gateDocker({
  async before(call) {
    if (call !== 'DELETE /networks/<id>') return;
    await until(areRulesOut, { what: 'the rules to be out' });
    await setTimeout(idleMs);
    process.kill(process.pid, 'SIGKILL');
  },
});
const net = await openLocalhostForward(8088, { strategy: process.argv[2] as Strategy, verify: false, docker });
nonce = net.bridgeName.slice('lhf-'.length, 'lhf-'.length + 5);
console.log('open', net.bridgeName);
await net.close();
