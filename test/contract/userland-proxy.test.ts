import { expect, test } from 'vitest';
import { projectRoot, spawnScript } from '../support/children.ts';
import { startPrivateEngine } from '../support/private-engine.ts';
import { strategies } from './strategies.ts';

const program = `${projectRoot}test/contract/programs/look-at-removal.ts`;
const reasonsProgram = `${projectRoot}test/contract/programs/tell-open-bridge.ts`;

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
    await using script = spawnScript({ file: program, args: [strategy], spawn: engine.spawn });
    const seen = JSON.parse(await script.waitForLine(/^\{/, { timeoutMs: 30_000 }));
    expect(seen, strategy).toMatchObject({ whileOpen: { isOn: true, isGuarded: true }, atRemoval });
  }
  await using opened = spawnScript({
    file: reasonsProgram,
    args: ['relay', 'sidecar', 'nftables'],
    spawn: engine.spawn,
  });
  const told = JSON.parse(await opened.waitForLine(/^\{/, { timeoutMs: 30_000 }));
  const isOn = dockerdArgs.length > 0;
  // Who has a guard says nothing, and who has none has to.
  expect(told).toEqual({
    relay: { opened: isOn, doctor: isOn },
    sidecar: { opened: isOn, doctor: isOn },
    nftables: { opened: false, doctor: false },
  });
});
