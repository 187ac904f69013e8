// Has the smoke check look whether other ports are closed: as they are, and with a rule of somebody's before the guard.
import { run } from '../../../src/command/run.ts';
import { connectEngine } from '../../../src/engine/engine.ts';
import { openLocalhostForward } from '../../../src/index.ts';
import { currentSession } from '../../../src/ownership/session.ts';
import { checkOtherPorts } from '../../../src/smoke/closed.ts';

const engine = await connectEngine();
await using net = await openLocalhostForward(0, { strategy: 'iptables', listener: true, verify: false });
const check = (): Promise<string> =>
  checkOtherPorts(engine, net, currentSession(`${engine.facts.endpoint} root`).word).then(
    (tried) => `closed: ${tried}`,
    String,
  );
console.log(await check());
await run(['iptables', '-t', 'raw', '-I', 'PREROUTING', '1', '-i', net.bridgeName, '-j', 'ACCEPT']);
console.log(await check());
