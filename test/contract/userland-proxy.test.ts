import { expect, test } from 'vitest';
import { spawnScript } from '../support/children.ts';
import { startPrivateEngine } from '../support/private-engine.ts';
import { strategies } from './strategies.ts';

// Tells what the bridge is like when the engine is asked to remove the network.
const source = `
import { readFileSync } from 'node:fs';
import { openLocalhostForward } from './src/index.ts';
import { gateDocker } from './test/support/gated-docker.ts';
import { execHere } from './test/support/run.ts';
const [strategy] = process.argv.slice(1);
let bridge = '';
const isOn = () => readFileSync('/proc/sys/net/ipv4/conf/' + bridge + '/route_localnet', 'utf8').trim() === '1';
// By whichever of the two the strategy guards: the bridge in the set of a static table, or in a chain of its own.
const isGuarded = async () => {
  const set = await execHere(['nft', 'list', 'set', 'ip', 'lhf_guard_' + bridge.slice(4, 9), 'bridges']);
  const raw = await execHere(['iptables-save', '-t', 'raw']);
  return set.stdout.includes(bridge) || raw.stdout.split('\\n').some((line) => line.includes(bridge) && line.includes('-j DROP'));
};
let atRemoval;
const before = async (call) => {
  if (call.startsWith('DELETE /networks/')) atRemoval = { isOn: isOn(), isGuarded: await isGuarded() };
};
const net = await openLocalhostForward(8088, { strategy, verify: false, docker: gateDocker({ before }) });
bridge = net.bridgeName;
const whileOpen = { isOn: isOn(), isGuarded: await isGuarded() };
await net.close();
console.log(JSON.stringify({ whileOpen, atRemoval }));
`;

// Without its userland proxy an engine turns route_localnet on itself, for bridges of ours too: not ours to turn off, and
// so the guard has to stand until the bridge has gone. Elsewhere it is off by then, and both may go at once.
test.each([
  [
    'keeps the setting and the guard until the bridge has gone',
    ['--userland-proxy=false'],
    { isOn: true, isGuarded: true },
  ],
  ['turns the setting off first', [], { isOn: false }],
])('%s, where the engine has %j', async (_what, dockerdArgs, atRemoval) => {
  await using engine = await startPrivateEngine({ dockerdArgs });
  for (const { name: strategy } of strategies.filter(
    ({ opensBridge, privilege }) => opensBridge && privilege === 'root',
  )) {
    await using script = spawnScript({ source, args: [strategy], spawn: engine.spawn });
    const seen = JSON.parse(await script.waitForLine(/^\{/, { timeoutMs: 30_000 }));
    expect(seen, strategy).toMatchObject({ whileOpen: { isOn: true, isGuarded: true }, atRemoval });
  }
});
