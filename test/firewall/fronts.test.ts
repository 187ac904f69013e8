import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateEngine, type PrivateEngine } from '../support/private-engine.ts';
import { drive, driveForAll, openAsAdvised, shell } from './drive.ts';

// Before a relay or a sidecar, which have no rights to look at packets: what silence and answers tell of the host's firewalls.
let engine: PrivateEngine;
beforeAll(async () => void (engine = await startPrivateEngine()));
afterAll(() => engine.stop());

type FirewallBefore = [name: string, on: string, off: string, told: { finding: string; hop: string; advised: string }];
const beforeRelay = { finding: 'firewall-input', hop: 'input', advised: 'sidecar' };
const between = 'FORWARD -i lhf-+ -o lhf-+ -j DROP';
const firewallsBefore: Record<'relay' | 'sidecar', FirewallBefore[]> = {
  relay: [
    ['drops', 'iptables -A INPUT ! -i lo -j DROP', 'iptables -F INPUT', beforeRelay],
    ['rejects', 'iptables -A INPUT ! -i lo -j REJECT', 'iptables -F INPUT', beforeRelay],
    [
      'is nft’s own',
      "nft add table inet fw; nft 'add chain inet fw in { type filter hook input priority 0; policy drop; }'; nft add rule inet fw in iif lo accept",
      'nft delete table inet fw',
      beforeRelay,
    ],
  ],
  sidecar: [
    [
      'looks into bridges',
      `iptables -I ${between}`,
      `iptables -D ${between}`,
      { finding: 'dropped-before-rule', hop: 'bridge', advised: 'relay' },
    ],
  ],
};

const refuses: [what: string, hook: string, rule: string] = ['refuses', 'input', 'iifname lo reject'];
const stopsLoopback: Record<'relay' | 'sidecar', (typeof refuses)[]> = {
  relay: [['drops', 'output', 'drop'], refuses],
  sidecar: [refuses, ['resets', 'input', 'iifname lo meta l4proto tcp reject with tcp reset']],
};

const inTable = (name: string, hook: string, rule: string): string =>
  `nft 'add table ip ${name}; add chain ip ${name} c { type filter hook ${hook} priority 0; policy accept; }; add rule ip ${name} c ${rule}'`;

describe.each(['relay', 'sidecar'] as const)('%s', (strategy) => {
  const open = driveForAll(() => engine, { strategy, verify: false, service: { host: '127.0.0.1' } });
  const openAbsent = driveForAll(() => engine, { strategy, verify: false });

  it.each(firewallsBefore[strategy])(
    'names no rule of a firewall that %s, and the advice mends it',
    async (_, on, off, told) => {
      expect(await open().net.diagnose()).toMatchObject({ reachable: true });
      await shell(engine, on);
      try {
        const diagnosis = await open().net.diagnose();
        expect(diagnosis).toMatchObject({ reachable: false, finding: told.finding });
        expect(diagnosis.hops.filter(({ ok }) => ok === false).map(({ name }) => name)).toEqual([told.hop]);
        expect(await openAsAdvised(engine, diagnosis.advice)).toHaveProperty('ok.strategy', told.advised);
      } finally {
        await shell(engine, off);
      }
    },
  );

  it.each([
    ['the absent service', 'no-listener', openAbsent, undefined],
    // Where its own connection arrives, a relay looks for as long as a silence is watched.
    ['what stops it on the loopback', 'firewall-output', open, 'ip daddr 127.0.0.1 tcp flags syn drop'],
  ] as const)(
    'takes an answer that comes late for one: it tells of %s, and blames no firewall before it',
    async (_, finding, opened, stop) => {
      // The first dials of a probe are lost, by their bytes: an engine under load has been seen to be as slow.
      const late = 'tcp dport 80 quota 250 bytes drop';
      await shell(engine, inTable('slow_network', strategy === 'relay' ? 'input' : 'forward', late));
      if (stop !== undefined) await shell(engine, inTable('stops_loopback', 'output', stop));
      try {
        const outcome = await opened().net.verify();
        expect(outcome).toMatchObject({ code: 'LHF_ERR_UNREACHABLE', diagnosis: { finding } });
      } finally {
        await shell(engine, 'nft delete table ip slow_network');
        if (stop !== undefined) await shell(engine, 'nft delete table ip stops_loopback');
      }
    },
  );

  it.each(stopsLoopback[strategy])(
    'on a host that %s what goes to its own 127.0.0.1, says so and blames no other rule',
    async (_, hook, what) => {
      await shell(engine, inTable('stops_loopback', hook, `ip daddr 127.0.0.1 ${what}`));
      try {
        expect(await open().net.diagnose()).toMatchObject({ reachable: false, finding: 'firewall-output' });
      } finally {
        await shell(engine, 'nft delete table ip stops_loopback');
      }
      expect(await open().net.diagnose()).toMatchObject({ reachable: true });
    },
  );
});

it.each([
  ['nobody', undefined, 'no-listener'],
  ['another address', { host: '127.0.0.2' }, 'listens-on-other-address'],
])('by a relay, which listens on the same port itself, tells that %s listens', async (_, service, finding) => {
  const orders = { strategy: 'relay', verify: false, samePort: true };
  await using net = drive(engine, { ...orders, ...(service === undefined ? {} : { service }) });
  const { ok } = await net.open();
  // Another forward's relay is no service, either.
  await using other = drive(engine, { ...orders, port: ok?.ports[0]?.hostPort });
  expect(await other.open()).toHaveProperty('ok');
  const diagnosis = await net.diagnose();
  expect(diagnosis).toMatchObject({ reachable: false, finding });
  expect(diagnosis.sentence).not.toContain('198.1');
  await other.close();
  await net.close();
});
